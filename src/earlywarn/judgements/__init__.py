"""The judgements part of earlywarn."""
