"""The skeleton viewer of the report: motions as a page carries them, and the script that draws them."""
