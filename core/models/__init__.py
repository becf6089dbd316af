"""What a finished run leaves: a model, and what is known of it."""
