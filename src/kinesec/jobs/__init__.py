"""What each rule runs: paths in, files out; one module a rule."""
