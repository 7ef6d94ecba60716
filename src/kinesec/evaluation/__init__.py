"""Models meet samples: per-sample records and the numbers made of them."""
