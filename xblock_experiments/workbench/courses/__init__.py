"""A course in memory."""
