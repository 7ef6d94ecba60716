"""Tables beside published numbers: one paper a module."""
