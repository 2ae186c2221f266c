"""Ensembles: which trials average their predictions, with which weights, and the model that does."""
