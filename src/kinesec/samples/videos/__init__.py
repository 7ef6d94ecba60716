"""Videos: rendered from clips or decoded from files, and what storing them does to them."""
