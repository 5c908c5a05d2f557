"""Download publications, data sets and their versions from the official services, unchanged."""
