"""The model part of earlywarn."""
