"""Foreign JSON, read carefully: `decode` returns a body or raises FeedError, and a `JsonObject` is one object of it."""

from windsock.feeds.json.bodies import decode, excerpt, list_in, refused
from windsock.feeds.json.objects import JsonObject, records

__all__ = ["JsonObject", "decode", "excerpt", "list_in", "records", "refused"]
