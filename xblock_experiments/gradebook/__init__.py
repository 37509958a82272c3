"""Scores of blocks."""
