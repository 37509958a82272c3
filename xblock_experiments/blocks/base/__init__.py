"""The parts that the five blocks share."""
