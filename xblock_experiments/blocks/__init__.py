"""The blocks that authors place in a course."""
