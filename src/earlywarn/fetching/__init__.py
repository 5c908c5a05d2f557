"""The official services' client: publications, data sets and their versions, kept as they came."""
