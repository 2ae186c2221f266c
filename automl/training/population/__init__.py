"""Members of equal array shapes, trained by one compiled program."""
