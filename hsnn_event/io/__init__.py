"""Files: what the package writes, and reads without executing anything."""
