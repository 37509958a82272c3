"""Commands of who comes from the platform."""
