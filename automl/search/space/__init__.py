"""What can be searched: hyperparameters, the values they can have, and when they are used."""
