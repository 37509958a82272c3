"""The research bundle: all tables of a course in one folder, with pseudonyms in place of ids."""
