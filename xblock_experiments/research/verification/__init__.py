"""Checks of a bundle with the standard library only: no Django, no database."""
