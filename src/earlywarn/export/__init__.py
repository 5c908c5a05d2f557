"""Export: tables written as CSV, spreadsheets, Parquet and JSON."""
