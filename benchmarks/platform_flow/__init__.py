"""Open edX's way to settle a learner's group, rewritten with the same statements."""
