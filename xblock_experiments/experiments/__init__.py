"""The segmentation type `experiment`, which gives each learner who meets it exactly one group."""
