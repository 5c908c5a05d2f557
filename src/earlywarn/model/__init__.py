"""The model: learning it, storing it and applying it."""
