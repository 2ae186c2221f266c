"""MLflow: one run a study, one child run a trial, one for the best model. The only user of mlflow."""
