"""Ids of courses, users and blocks, in both forms, scopes of tags, and keys of partitions."""
