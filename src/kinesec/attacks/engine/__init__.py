"""What attacks are built from; no module here is a name in a configuration."""
