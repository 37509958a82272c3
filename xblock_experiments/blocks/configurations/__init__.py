"""The group configurations of a course, as its authors edit them."""
