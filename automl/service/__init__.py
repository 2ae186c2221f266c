"""The study service: a server that takes studies by HTTP, and workers that run them."""
