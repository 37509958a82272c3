"""The xblock-sdk's workbench, extended with this package's runtime, blocks and courses."""
