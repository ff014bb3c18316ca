"""Networks as files and pickles."""
