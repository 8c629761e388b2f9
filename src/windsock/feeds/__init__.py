"""Adapters from what sources send to reports: pure parsers and small fetchers. No Django here."""
