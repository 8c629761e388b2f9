"""Live flight-delay updates for everyone concerned: a durable, ordered journal of flights, pushed over WebSockets."""

__version__ = "0.1.0"
