"""The xblock-sdk's workbench with our runtime, our blocks and courses in it."""
