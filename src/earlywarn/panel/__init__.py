"""Everything published, and what was known on a day."""
