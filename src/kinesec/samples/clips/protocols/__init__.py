"""How motions become labelled clips: one module a protocol."""
