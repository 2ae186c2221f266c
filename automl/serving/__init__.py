"""Answers tables with an exported model. Travels with it, as `data/features/` does; imports nothing else of ours."""
