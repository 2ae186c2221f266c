"""The one loop and its stages: preparation, search, conclusion, analyses."""
