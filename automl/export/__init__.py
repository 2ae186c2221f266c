"""The best network as a SavedModel that takes raw rows."""
