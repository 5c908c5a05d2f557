"""The export part of earlywarn."""
