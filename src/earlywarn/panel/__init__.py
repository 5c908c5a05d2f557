"""The panel part of earlywarn."""
