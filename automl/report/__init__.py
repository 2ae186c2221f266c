"""Figures, files and tables. The only user of matplotlib."""
