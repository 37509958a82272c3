"""Transactions and races, rows, exact text and pieces of SQL."""
