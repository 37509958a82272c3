"""Ids of courses, users and blocks, in both forms, and keys of the platform's partitions."""
