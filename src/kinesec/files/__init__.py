"""What lies on disk and how it is written: stores, their kinds and their hashes."""
