"""Metrics and the leaderboard. Evaluation never trains."""
