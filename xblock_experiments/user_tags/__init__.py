"""Key/values of users, per course or global."""
