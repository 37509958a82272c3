"""The store of each course's segmentations and their memberships."""
