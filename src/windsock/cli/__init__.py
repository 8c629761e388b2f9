"""The windsock command. No Django at import: the verbs that need it load it when they run."""
