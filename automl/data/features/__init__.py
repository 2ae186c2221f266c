"""One file per kind of feature, with all that is known of it. Copied into every model: imports nothing else of ours."""
