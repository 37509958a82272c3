"""The retired users, whose data must not be stored again."""
