"""The flights of the day in memory, kept level with the journal, and how punctual they are."""
