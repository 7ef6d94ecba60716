"""The parts of the report: one system a page."""
