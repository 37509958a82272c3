"""A runtime in which the blocks of courses live."""
