"""What is called from Python alone: `fit`, and the estimators for scikit-learn."""
