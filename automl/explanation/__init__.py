"""What a record allows to say, in sentences, and the study to run next."""
