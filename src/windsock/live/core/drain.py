"""Asking sessions to move to another server, evenly, before this one ends."""

import asyncio
from collections.abc import Awaitable, Callable

from windsock.live.core.frames import Encoded
from windsock.live.core.hub import Hub
from windsock.protocol import close_reasons, codec, messages
from windsock.protocol.codes import CloseCode

# Those who move connect somewhere: no more of them in a second than another server takes while it serves.
MOVES_PER_SECOND = 1_500
# Kubernetes and systemd give 30 and 90 seconds before they kill.
LEAST_SECONDS, MOST_SECONDS = 5.0, 25.0
STEP_SECONDS = 0.02
SLICE = 200


def seconds_for(sessions: int) -> float:
    """How long a drain of so many sessions takes; half of it is spent on telling them."""
    return min(MOST_SECONDS, max(LEAST_SECONDS, 2 * sessions / MOVES_PER_SECOND))


async def drain(hub: Hub, seconds: float, emptied: Callable[[float], Awaitable[bool]]) -> None:
    """Asks all sessions to move, evenly over half of `seconds`, waits for them to go, then closes who stayed.

    `emptied(until)` waits until no session is left or the loop's clock says so. Each has half of `seconds` to open its
    new connection; the old one goes on until the client closes it.
    """
    loop = asyncio.get_running_loop()
    began, window = loop.time(), seconds / 2
    moving = Encoded(codec.encode(messages.Moving(delay_seconds=max(0.0, window))))
    sessions = [session for session in hub.sessions if not session.plain]
    told = 0
    while told < len(sessions):
        part = (loop.time() - began) / window if window > 0 else 1.0
        due = min(len(sessions), max(told + 1, int(len(sessions) * part)))
        for session in sessions[told:due]:
            session.send(moving)
        told = due
        if told < len(sessions):
            await asyncio.sleep(max(window / len(sessions), STEP_SECONDS))
    await emptied(began + seconds - min(1.0, seconds / 4))
    for number, session in enumerate(list(hub.sessions)):
        hub.end(session, CloseCode.MOVING, close_reasons.SHUTTING_DOWN)
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
