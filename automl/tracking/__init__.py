"""What follows a study from outside."""
