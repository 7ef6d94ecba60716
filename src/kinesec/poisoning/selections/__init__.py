"""Sample selection: which windows are poisoned; one module each."""
