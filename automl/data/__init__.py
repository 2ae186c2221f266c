"""The table: readers, checks, splits, scaling."""
