"""One file per family: how hyperparameters become a tuple of layers."""
