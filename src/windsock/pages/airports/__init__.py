"""The choice of an airport, and names for codes."""
