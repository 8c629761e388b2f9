"""The REST API over ingest and journal."""
