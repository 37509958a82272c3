"""The runtime of blocks in courses."""
