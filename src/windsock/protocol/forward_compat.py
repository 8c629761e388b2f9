"""Read messages of a server that is newer than this client: strip the values that the client does not know."""

from typing import Any, get_args

import msgspec

from windsock.flights.fields import Kind
from windsock.flights.programmes import KINDS, ProgrammeChangeKind, Trend
from windsock.flights.state import Basis, Status
from windsock.protocol.messages import ServerMessage

_KINDS = frozenset(get_args(Kind))
_STATUSES = frozenset(get_args(Status))
_BASES = frozenset(get_args(Basis))
_PROGRAMMES = frozenset(KINDS)
_PROGRAMME_CHANGES = frozenset(get_args(ProgrammeChangeKind))
_TRENDS = frozenset(get_args(Trend))


def strip_unknown(raw: dict[str, Any]) -> ServerMessage | None:
    """Return the message without the values that this client does not know; None if it still cannot be read.

    An unknown kind of change is left out, an unknown status becomes "unknown", an unknown delay basis becomes None: the
    flight's state and version arrive all the same, so that nothing looks lost. Of an airport's programmes, those of an
    unknown kind are left out.
    """
    standings = raw.get("standings") if raw.get("type") == "snapshot" else [raw.get("standing")]
    for standing in standings if isinstance(standings, list) else ():
        if isinstance(standing, dict) and isinstance(listed := standing.get("programmes"), list):
            standing["programmes"] = [programme for programme in listed if _programme(programme)]
    given = raw.get("flights") if raw.get("type") == "snapshot" else [raw.get("flight")]
    for flight in given if isinstance(given, list) else ():
        if isinstance(flight, dict):
            _simplify(flight)
    changes = raw.get("changes")
    if isinstance(changes, list) and raw.get("type") == "programmes":
        raw["changes"] = [change for change in changes if _programme_change(change)]
    elif isinstance(changes, list):
        raw["changes"] = [
            change
            for change in changes
            if not (isinstance(change, dict) and _newer(change.get("kind"), _KINDS))
        ]
    try:
        message: ServerMessage = msgspec.convert(raw, ServerMessage)
    except (msgspec.ValidationError, RecursionError):
        return None
    return message


def _simplify(flight: dict[str, Any]) -> None:
    if _newer(flight.get("status"), _STATUSES):
        flight["status"] = "unknown"
    for side in (flight.get("departure"), flight.get("arrival")):
        if isinstance(side, dict) and _newer(side.get("delay_basis"), _BASES):
            side["delay_basis"] = None


def _programme(told: object) -> bool:
    """Whether the programme is of a kind that is known here; a trend that is not is taken from it."""
    if isinstance(told, dict) and _newer(told.get("trend"), _TRENDS):
        del told["trend"]
    return not (isinstance(told, dict) and _newer(told.get("kind"), _PROGRAMMES))


def _programme_change(told: object) -> bool:
    if not isinstance(told, dict) or _newer(told.get("kind"), _PROGRAMME_CHANGES):
        return not isinstance(told, dict)
    return all(_programme(told[name]) for name in ("programme", "before") if name in told)


def _newer(word: object, known: frozenset[str]) -> bool:
    return isinstance(word, str) and word not in known
