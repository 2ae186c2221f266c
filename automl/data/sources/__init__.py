"""Where tables come from: one file per source, and the closed table of them."""
