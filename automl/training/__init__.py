"""Training of members and trials."""
