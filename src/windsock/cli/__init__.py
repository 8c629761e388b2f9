"""The windsock command."""
