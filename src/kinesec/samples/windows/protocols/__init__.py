"""How recordings are cut into windows: one module a protocol."""
