"""The table: sources, checks, kinds of columns, splits, encodings."""
