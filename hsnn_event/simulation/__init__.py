"""What runs: builds an engine for a network, advances it, acts at given times, and collects what was recorded."""
