"""Video networks, which tell actions apart in grey levels: one module each."""
