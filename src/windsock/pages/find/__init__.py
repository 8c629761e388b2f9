"""The first page: one field that finds flights, airports and routes; and names for codes."""
