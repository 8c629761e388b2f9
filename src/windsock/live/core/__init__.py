"""Deliver events to sessions: the hub, its sessions and subscriptions, the board and the ring. No Django, no access."""
