"""Utilities: files, dates, text, arguments, locks and progress."""
