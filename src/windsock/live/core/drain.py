"""Ask sessions to move to another server, evenly, before this one shuts down."""

import asyncio
from collections.abc import Awaitable, Callable

from windsock.live.core.frames import Encoded
from windsock.live.core.hub import Hub
from windsock.protocol import close_reasons, codec, messages
from windsock.protocol.codes import CloseCode

# Sessions that move connect elsewhere: no more of them a second than another server accepts while it serves.
MOVES_PER_SECOND = 1_500
# Kubernetes and systemd give 30 and 90 seconds before they kill.
MIN_SECONDS, MAX_SECONDS = 5.0, 25.0
STEP_SECONDS = 0.02
SLICE = 200


def seconds_for(sessions: int) -> float:
    """Return how long a drain of this many sessions takes; half of it is spent on asking them to move."""
    return min(MAX_SECONDS, max(MIN_SECONDS, 2 * sessions / MOVES_PER_SECOND))


async def drain(hub: Hub, seconds: float, emptied: Callable[[float], Awaitable[bool]]) -> None:
    """Ask all sessions to move, evenly over half of `seconds`, wait for them to leave, then close the rest.

    `emptied(until)` waits until no session is left, or until that time of the loop's clock. Each session has half of
    `seconds` to open its new connection; the old one stays open until the client closes it.
    """
    loop = asyncio.get_running_loop()
    began, window = loop.time(), seconds / 2
    moving = Encoded(codec.encode(messages.Moving(delay_seconds=max(0.0, window))))
    sessions = [session for session in hub.sessions if not session.plain]
    asked = 0
    while asked < len(sessions):
        part = (loop.time() - began) / window if window > 0 else 1.0
        due = min(len(sessions), max(asked + 1, int(len(sessions) * part)))
        for session in sessions[asked:due]:
            session.send(moving)
        asked = due
        if asked < len(sessions):
            await asyncio.sleep(max(window / len(sessions), STEP_SECONDS))
    await emptied(began + seconds - min(1.0, seconds / 4))
    for number, session in enumerate(list(hub.sessions)):
        hub.end(session, CloseCode.MOVING, close_reasons.SHUTTING_DOWN)
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
