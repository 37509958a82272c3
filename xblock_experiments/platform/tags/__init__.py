"""The tags that come from an existing Open edX site."""
