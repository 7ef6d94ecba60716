"""What the rules ask: the checked configuration, paths and code hashes. No job imports it."""
