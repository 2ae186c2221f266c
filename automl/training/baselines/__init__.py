"""What networks are compared with: a constant, linear models, gradient boosting."""
