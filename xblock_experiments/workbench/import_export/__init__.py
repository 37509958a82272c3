"""Reads courses from OLX and writes them back."""
