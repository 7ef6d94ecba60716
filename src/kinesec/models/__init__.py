"""Networks: built, saved, loaded, asked."""
