"""Import of courses from OLX, and export to it."""
