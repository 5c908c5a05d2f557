"""Serving: batches of rows, the HTTP service, Dask and Spark."""
