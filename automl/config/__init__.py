"""What a study file may say, how it is read, and what `automl init` writes."""
