"""Hyperparameters to Keras models."""
