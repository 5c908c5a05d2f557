"""The statistics part of earlywarn."""
