"""What ends weak trials early, one file per rule."""
