"""The contract between the hub and whatever carries a connection."""

from typing import Protocol

from windsock.live.core.frames import Batch


class Outlet(Protocol):
    """One connection's way out. The hub calls it on its own loop and never waits for it.

    An outlet takes every batch it is given, in order, and whole. It answers False when its reader does not keep up;
    from then on the hub holds back (and conflates) until the outlet calls `session.drained()`. When the connection has
    ended, by whomever, its owner calls `session.close()`; later writes are ignored, not errors.

    Three exist: the consumer's over ASGI's `send`, the event stream's, and (once the socket is handed over) the
    transport's, which writes `batch.frames`.
    """

    def write(self, batch: Batch) -> bool:
        """Take the batch. False: the reader is behind, hold back until `drained`."""
        ...

    def close(self, code: int, reason: str) -> None:
        """End the connection, with this close code where the carrier has any. What was written before goes first.

        A reader that is stuck may never take it: the outlet then lets go within a few seconds on its own.
        """
        ...
