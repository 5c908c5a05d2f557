"""The indicators part of earlywarn."""
