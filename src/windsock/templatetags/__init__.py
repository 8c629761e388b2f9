"""Template tags of Windsock's pages."""
