"""Helpers that management commands share."""
