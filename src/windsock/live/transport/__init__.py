"""Carry sessions: over the Channels consumer, over sockets handed to the hub, and as Server-Sent Events."""
