"""Enough alarm to sleep: what is worth waking somebody, told once, and told until it arrives."""
