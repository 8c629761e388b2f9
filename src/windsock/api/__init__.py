"""REST over ingest and journal."""
