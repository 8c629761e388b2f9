"""What readiness needs to know of live delivery: `add_check("live", not_ready)`."""

from windsock.live.service import LiveService

# Behind by more than this for a moment is a burst; a process that stays behind should not be sent new clients.
LAG_EVENTS = 10_000


def not_ready() -> str | None:
    """What is wrong, or None. A process that has had no live connection yet is fine. From any thread."""
    for service in LiveService.existing():
        if service.draining:
            return "it is about to stop"
        if service.tail.failure is not None:
            return f"the journal cannot be read: {service.tail.failure}"
        if not service.hub.ready:
            return "the journal is being read for the first time"
        if service.tail.lag > LAG_EVENTS:
            return f"the live board is {service.tail.lag} events behind the journal"
    return None


def doorbell() -> str:
    """The state of the channel layer, for people; without it delivery goes on by looking at the journal."""
    for service in LiveService.existing():
        if service.bridge is None:
            return "none"
        return "connected" if service.bridge.connected else "away"
    return "not started"
