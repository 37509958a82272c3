"""The store of users' tags, which are key/value pairs per course or global."""
