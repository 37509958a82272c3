"""The tags that a site of Open edX brings along."""
