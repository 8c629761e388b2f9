"""The flights that a signed-in user watches, kept with the account and merged from all of the user's browsers."""
