"""Motion predictors: one module each."""
