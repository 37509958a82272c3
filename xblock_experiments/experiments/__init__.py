"""The type `experiment`: exactly one group for each learner who met it."""
