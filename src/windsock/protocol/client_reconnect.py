"""When a client tries again after it lost its connection."""

from dataclasses import dataclass, field

from windsock.protocol.backoff import BackOff

# A connection that was live this long counts as a success: the next back-off starts small again.
STABLE_SECONDS = 10.0

# Where a server asks us to back off (4100-4199), half a second would be no relief: begin with a ceiling of two.
BACK_OFF_ATTEMPT = 2


@dataclass(slots=True)
class Reconnect:
    """The failed attempts since the last stable connection, and what the server asked for."""

    backoff: BackOff = field(default_factory=BackOff)
    attempt: int = 0
    retry_after: float = 0.0
    """Seconds that the last retryable error asked for; it applies to the close that follows."""

    def lasted(self, seconds: float) -> None:
        """Record how long the lost connection had been live."""
        if seconds >= STABLE_SECONDS:
            self.attempt = 0

    def delay(self, from_attempt: int, at_least: float, *, at_once: bool) -> float:
        """Return the seconds until the next attempt, and count it.

        Args:
            from_attempt: The attempt number to begin with, if fewer have failed.
            at_least: What the server asked for.
            at_once: Try the first time without a delay.
        """
        if at_once and self.attempt == 0:
            delay = at_least
        else:
            delay = self.backoff.delay(max(self.attempt, from_attempt), at_least=at_least)
        self.attempt += 1
        self.retry_after = 0.0
        return delay


def may_retry(status: int) -> bool:
    """Return whether a handshake refused with this HTTP status may succeed later."""
    return status in (408, 425, 429) or status >= 500
