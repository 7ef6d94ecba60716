"""Birth certificates of outputs, and what is made of them."""
