"""Moving out: everything of a practice in one archive, which a new installation reads."""
