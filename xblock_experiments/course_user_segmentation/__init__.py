"""Each course's segmentations, and who is in which group."""
