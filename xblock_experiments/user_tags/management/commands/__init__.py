"""Commands for users' personal data."""
