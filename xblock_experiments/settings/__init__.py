"""Settings of the apps, and of a workbench with them."""
