"""The scoring part of earlywarn."""
