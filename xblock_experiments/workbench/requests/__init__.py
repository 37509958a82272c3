"""One user and one request."""
