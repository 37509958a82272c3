"""The parts of a runtime that Open edX's own blocks need. Imported only if they are installed."""
