"""The utils part of earlywarn."""
