"""My flights: the flights that a reader watches, by urgency, with the connections between them."""
