"""What Open edX's own blocks ask of a runtime. Imported only where they are installed."""
