"""What the benchmark serves: the product as in production, and peers with Django's own settings."""
