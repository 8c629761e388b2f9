"""The ready-made project around the app."""
