"""Relays what Redis publishes to the browsers that listen."""
