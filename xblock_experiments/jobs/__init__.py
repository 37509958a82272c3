"""Long work that runs outside of requests: its rows, its files and its worker."""
