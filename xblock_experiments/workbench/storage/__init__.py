"""Courses on disk: their versions, serving them and editing them."""
