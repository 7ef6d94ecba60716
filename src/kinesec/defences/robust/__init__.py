"""Defences that make another recognizer, one file each."""
