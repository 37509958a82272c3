"""Settings of the apps, and of a workbench that has them."""
