"""What readiness needs to know of live delivery: `add_check("live", not_ready)`."""

from windsock.live.service import LiveService

# Behind by more than this for a moment is a burst; a process that stays behind should not be sent new clients.
LAG_EVENTS = 10_000
LAG_SECONDS = 10.0


def not_ready() -> str | None:
    """Return what is wrong, or None; a process without live connections so far is fine. Callable from any thread."""
    for service in LiveService.existing():
        if service.draining:
            return "it is about to stop"
        if service.tail.failure is not None:
            return f"the journal cannot be read: {service.tail.failure}"
        if not service.hub.ready:
            return "the journal is being read for the first time"
        if service.tail.lag > LAG_EVENTS:
            return f"the live board is {service.tail.lag} events behind the journal"
        if service.tail.lag_seconds > LAG_SECONDS:
            return f"the live board has been behind the journal for {service.tail.lag_seconds:.0f} s"
    return None


def details() -> dict[str, object]:
    """Where live delivery stands in this process, for people who look at readiness."""
    for service in LiveService.existing():
        hub, tail, bridge = service.hub, service.tail, service.bridge
        doorbell: dict[str, object] = {"state": "none"}
        if bridge is not None:
            doorbell = {"state": "connected" if bridge.connected else "away", "heard": bridge.heard}
            if bridge.heard_at is not None:
                doorbell["quiet_seconds"] = round(service.loop.time() - bridge.heard_at, 1)
        return {
            "head": hub.offset,
            "lag_events": tail.lag,
            "lag_seconds": round(tail.lag_seconds, 1),
            "sessions": hub.session_count,
            "doorbell": doorbell,
        }
    return {}
