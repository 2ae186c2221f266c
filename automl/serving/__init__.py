"""Travels with an exported model: reads single cells, and answers tables. Imports nothing of the project."""
