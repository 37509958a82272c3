"""Commands of a workbench with courses."""
