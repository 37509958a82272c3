"""Commands for bundles."""
