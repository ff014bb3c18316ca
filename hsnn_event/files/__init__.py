"""Files: written whole or not at all, and read without running or trusting anything in them."""
