"""Commands for sites that come from the platform."""
