"""The serving part of earlywarn."""
