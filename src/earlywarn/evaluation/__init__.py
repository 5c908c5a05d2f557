"""The evaluation part of earlywarn."""
