"""The benchmarks of `make bench`: this project compared with others and with the minimal cost."""
