"""System checks. Filled below."""
