"""The page of a study, its files and its tables; text for the terminal."""
