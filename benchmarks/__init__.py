"""What `make bench` measures: ours beside others' and beside the least that the work can cost."""
