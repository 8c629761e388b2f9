"""Foreign JSON, read carefully: `decode` returns a body or raises FeedError, and a `Place` is one object of it."""

from windsock.feeds.json.bodies import decode, excerpt, list_in, refused
from windsock.feeds.json.places import Place, records

__all__ = ["Place", "decode", "excerpt", "list_in", "records", "refused"]
