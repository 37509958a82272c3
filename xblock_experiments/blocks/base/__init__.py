"""What the five blocks share."""
