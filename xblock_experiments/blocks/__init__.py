"""What an author places in a course."""
