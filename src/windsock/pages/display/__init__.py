"""Displays: screens on walls and at gates that nobody operates. See `wording.display` for what they show."""
