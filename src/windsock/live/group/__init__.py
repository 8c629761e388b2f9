"""Send every event to the Channels group `flight-delay`, and receive the notices other processes send to it."""
