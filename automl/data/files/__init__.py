"""Files with a table: one way to open them, and a closed table of their formats."""
