"""The store of learners' scores in blocks."""
