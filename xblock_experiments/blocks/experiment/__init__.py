"""The parts of split_test for staff and authors."""
