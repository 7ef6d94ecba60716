"""What a victim of each task gives a defence: samples, features and errors; one module a task."""
