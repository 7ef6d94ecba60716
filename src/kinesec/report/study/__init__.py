"""The perceptual study: its trials, the page that people see, and what their answers say."""
