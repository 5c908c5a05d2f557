"""The panel of everything published, and snapshots of what was known on a date."""
