"""Windows of history and future for predictors."""
