"""MLflow: one run per study, one child run per trial, one for the best model. The only user of mlflow."""
