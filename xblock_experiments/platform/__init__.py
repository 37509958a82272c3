"""The import of data from an existing Open edX site."""
