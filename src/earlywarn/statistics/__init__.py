"""Statistics on plain arrays: funnels, limits, measures, bootstrap and regression."""
