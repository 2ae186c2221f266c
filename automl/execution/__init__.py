"""Who trains cohorts: threads of this process, and whatever else keeps to the same interface."""
