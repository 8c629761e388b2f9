"""The figures of live delivery in this process, for /metrics."""

import asyncio
from collections.abc import Iterator

from windsock.figures import Figure
from windsock.live.group.duties import ringer_here
from windsock.live.service import LiveService


def figures() -> Iterator[Figure]:
    """All figures of the running service; none where none runs. Plain reads of numbers: from any thread."""
    for service in LiveService.existing()[:1]:
        hub, stats, tail, bridge = service.hub, service.hub.stats, service.tail, service.bridge
        gate, rights = service.gate, service.rights

        def gauge(name: str, help: str, value: float) -> Figure:
            return Figure(f"windsock_live_{name}", help, "gauge", float(value), {})

        def counter(name: str, help: str, value: float) -> Figure:
            return Figure(f"windsock_live_{name}", help, "counter", float(value), {})

        sessions = list(hub.sessions)
        yield gauge("sessions", "Connections served now.", len(sessions))
        yield gauge(
            "slow_sessions",
            "Connections whose reader is behind.",
            sum(1 for session in sessions if session.stalled_at is not None),
        )
        yield gauge(
            "pending_bytes",
            "Bytes queued for slow readers and behind replies read from the journal.",
            sum(session.event_bytes + session.reply_bytes for session in sessions),
        )
        yield gauge(
            "audiences",
            "Different sets of topics subscribed to (those with compression count apart).",
            len(hub.subscriptions),
        )
        yield gauge("board_flights", "Flights on the live board.", len(hub.board))
        yield gauge("ring_events", "Recent events in memory.", len(hub.ring))
        yield gauge("head_offset", "The newest event published to clients.", hub.offset)
        yield gauge("lag_events", "Events of the journal not yet published.", tail.lag)
        yield gauge("lag_seconds", "How long events have waited to be published.", tail.lag_seconds)
        yield gauge("journal_failing", "1 while the journal cannot be read.", tail.failing_since is not None)
        yield counter("connections", "Connections so far.", stats.connections)
        yield counter("events", "Events published so far.", stats.published)
        yield counter("deliveries", "Events handed to connections so far.", stats.delivered)
        yield counter(
            "skipped",
            "Events left out for slow readers, because a newer one took their place.",
            stats.skipped,
        )
        yield counter("snapshots", "Snapshots sent.", stats.snapshots)
        yield counter("resumes", "Resumes sent.", stats.resumes)
        yield counter(
            "resumes_from_journal", "Resumes that had to be read from the database.", stats.far_resumes
        )
        yield counter("evictions", "Flights that left the live board.", stats.evicted)
        yield counter("polled", "Events found by polling the journal, not by push or doorbell.", tail.found)
        yield counter("holes", "Holes filled from the journal.", tail.holes)
        yield counter("reloads", "Times the live board was reloaded.", tail.reloads)
        yield gauge("handshakes", "Handshakes under way.", gate.under_way)
        yield counter("handshakes_refused", "Handshakes refused for want of room or time.", gate.refused)
        yield gauge("tasks", "Tasks of the event loop; none is kept for a connection.", _tasks(service))
        yield gauge("loop_late_seconds", "How late the event loop was in its last sample.", gate.late)
        yield gauge("rights_failing", "1 while rights cannot be checked.", rights.failing)
        yield counter("rights_asked", "Askers whose rights were looked up again.", rights.asked)
        yield counter("rights_ended", "Connections that ended with their right.", rights.ended)
        for code, times in list(hub.closed_with.items()):
            yield Figure(
                "windsock_live_closed",
                "Connections we closed.",
                "counter",
                float(times),
                {"code": str(int(code))},
            )
        if bridge is not None:
            yield gauge("doorbell_connected", "1 while the channel layer works.", bridge.connected)
            yield gauge("doorbell_waiting", "Events waiting for the channel layer.", bridge.waiting)
            yield counter("doorbell_sent", "Events rung to the other processes.", bridge.sent)
            yield counter("doorbell_heard", "Events that other processes rang.", bridge.heard)
            if bridge.heard_at is not None:
                quiet = service.loop.time() - bridge.heard_at
                yield gauge("doorbell_quiet_seconds", "Since another process last rang.", quiet)
            yield counter("doorbell_failures", "Times the channel layer failed.", bridge.failures)
            yield counter(
                "doorbell_dropped",
                "Events not rung to the other processes, as too many waited.",
                bridge.dropped,
            )
        ringer = service.group.ringer if service.group is not None else ringer_here()
        if ringer is not None:
            yield counter("group_sent", "Events this process sent to the group flight-delay.", ringer.sent)
            yield counter(
                "group_missed", "Events that consumers in the group took too slowly to get.", ringer.missed
            )
            yield gauge("group_stuck", "Consumers in the group that take nothing now.", len(ringer.stuck))


def _tasks(service: LiveService) -> int:
    try:
        return len(asyncio.all_tasks(service.loop))
    except RuntimeError:  # the set changed too often while it was copied from another thread
        return 0
