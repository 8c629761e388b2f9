"""Flights of a past day as the feeds would have told them: telexes, AIDX notices, boards, polls and a schedule file.

For the acceptance tests and the bench. Every maker gives what its parser reads without a fault.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from windsock.replay.past_flights import PastFlight

Message = tuple[str, bytes]  # the flight's id, and what is sent about it

AIDX_NAMESPACE = "http://www.iata.org/IATA/2007/00"
HONG_KONG = ZoneInfo("Asia/Hong_Kong")
SSIM_COLUMNS = 200


def hhmm(time: datetime) -> str:
    return f"{time:%d%H%M}"


def zulu(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


def telexes(row: PastFlight) -> Iterator[Message]:
    """What the two stations send: the movement out and off, and the one on and in."""
    day = f"{row.scheduled_out:%d%b}".upper()
    flight = f"{row.carrier}{row.number}/{day}.{row.registration or ''}"
    if row.out is not None:
        off = f"/{hhmm(row.off)}" if row.off is not None else ""
        sent = (row.off or row.out) + timedelta(minutes=2)
        said = f"AD{hhmm(row.out)}{off} {row.destination}"
        yield str(row.key), telex(row.origin, sent, flight, said)
    if row.in_ is not None and not row.diverted:
        on = hhmm(row.on) if row.on is not None else ""
        sent = row.in_ + timedelta(minutes=2)
        yield str(row.key), telex(row.destination, sent, flight, f"AA{on}/{hhmm(row.in_)}")


def telex(station: str, sent: datetime, flight: str, said: str) -> bytes:
    return f"QU HDQOO\n.{station}OO {hhmm(sent)}\nMVT\n{flight}.{station}\n{said}\n".encode()


def notices(row: PastFlight) -> Iterator[Message]:
    """An AIDX notice at each movement, as an airport's system sends them."""
    times = [("OFB", "OFB", row.out), ("TKO", "TKO", row.off)]
    if not row.diverted:
        times += [("TDN", "LAN", row.on), ("ONB", "ONB", row.in_)]
    for qualifier, status, time in times:
        if time is not None:
            yield str(row.key), notice(row, qualifier, status, time)


def notice(row: PastFlight, qualifier: str, status: str, time: datetime) -> bytes:
    sent = time + timedelta(minutes=1)
    aircraft = (
        f"<AircraftInfo><Registration>{row.registration}</Registration></AircraftInfo>"
        if row.registration
        else ""
    )
    return (
        f'<IATA_AIDX_FlightLegNotifRQ xmlns={quoteattr(AIDX_NAMESPACE)} Version="21.3" '
        f'TimeStamp="{sent:%Y-%m-%dT%H:%M:%SZ}"><FlightLeg><LegIdentifier>'
        f'<Airline CodeContext="3">{row.carrier}</Airline><FlightNumber>{row.number}</FlightNumber>'
        f'<DepartureAirport CodeContext="3">{row.origin}</DepartureAirport>'
        f'<ArrivalAirport CodeContext="3">{row.destination}</ArrivalAirport>'
        f"<OriginDate>{row.date}</OriginDate></LegIdentifier>"
        f"<LegData><OperationalStatus>{status}</OperationalStatus>"
        f'<OperationTime OperationQualifier="OFB" TimeType="SCT">{row.scheduled_out:%Y-%m-%dT%H:%M:%SZ}</OperationTime>'
        f'<OperationTime OperationQualifier="{qualifier}" TimeType="ACT">{time:%Y-%m-%dT%H:%M:%SZ}</OperationTime>'
        f"{aircraft}</LegData></FlightLeg></IATA_AIDX_FlightLegNotifRQ>"
    ).encode()


def avinor_board(rows: Sequence[PastFlight], updated: datetime) -> bytes:
    """All departures of one airport, the rows', as Avinor's document."""
    flights = []
    for index, row in enumerate(rows):
        if row.cancelled:
            status = '<status code="C"/>'
        elif row.out is not None:
            status = f'<status code="D" time="{zulu(row.out)}"/>'
        else:
            status = ""
        flights.append(
            f'<flight uniqueID="{index}"><airline>{row.carrier}</airline>'
            f"<flight_id>{row.carrier}{row.number}</flight_id><dom_int>S</dom_int>"
            f"<schedule_time>{zulu(row.scheduled_out)}</schedule_time><arr_dep>D</arr_dep>"
            f"<airport>{row.destination}</airport><gate>C{index % 60}</gate>{status}</flight>"
        )
    document = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<airport name="{rows[0].origin}">'
        f'<flights lastUpdate="{zulu(updated)}">{"".join(flights)}</flights></airport>'
    )
    return document.encode("iso-8859-1")


def hong_kong_day(rows: Iterable[PastFlight]) -> bytes:
    """The rows as one day's departures from Hong Kong, by its clock."""
    flights = []
    day = None
    for index, row in enumerate(rows):
        local = row.scheduled_out.astimezone(HONG_KONG)
        day = day or local.date()
        left = row.out and row.out.astimezone(HONG_KONG)
        status = "Cancelled" if row.cancelled else f"Dep {left:%H:%M} ({left:%d/%m/%Y})" if left else ""
        flights.append(
            {
                "time": f"{local:%H:%M}",
                "flight": [{"no": f"{row.carrier} {row.number}", "airline": row.carrier}],
                "destination": [row.destination],
                "terminal": "T1",
                "aisle": "B",
                "gate": str(index % 60),
                "status": status,
                "statusCode": None,
            }
        )
    return json.dumps([{"date": str(day), "arrival": False, "cargo": False, "list": flights}]).encode()


def aeroapi_page(rows: Iterable[PastFlight]) -> bytes:
    """One page of AeroAPI's answer to a poll."""
    flights = [
        {
            "ident": f"{row.carrier}{row.number}",
            "ident_icao": None,
            "ident_iata": f"{row.carrier}{row.number}",
            "fa_flight_id": str(row.key),
            "registration": row.registration,
            "codeshares": [],
            "codeshares_iata": [],
            "diverted": row.diverted,
            "cancelled": row.cancelled,
            "origin": {"code_iata": row.origin},
            "destination": {"code_iata": row.destination},
            "scheduled_out": zulu(row.scheduled_out),
            "estimated_out": zulu(row.out or row.scheduled_out),
            "actual_out": zulu(row.out),
            "actual_off": zulu(row.off),
            "actual_on": zulu(row.on),
            "scheduled_in": zulu(row.scheduled_in),
            "actual_in": zulu(row.in_),
            "aircraft_type": "B739",
            "gate_origin": "C3",
            "gate_destination": "N7",
            "terminal_origin": "1",
            "terminal_destination": None,
        }
        for row in rows
    ]
    return json.dumps({"flights": flights, "links": None, "num_pages": 1}).encode()


def ssim_file(rows: Iterable[PastFlight]) -> bytes:
    """A schedule file in UTC with a record for each row that arrives, operated on the row's day alone."""
    lines = [_columns({1: "1", 2: "AIRLINE STANDARD SCHEDULE DATA SET"}), "0" * SSIM_COLUMNS]
    carrier = ""
    for row in sorted(rows, key=lambda row: row.carrier):
        if row.scheduled_in is None:
            continue
        out, in_ = row.scheduled_out, row.scheduled_in
        if row.carrier != carrier:
            carrier = row.carrier
            lines.append(_columns({1: "2", 2: "U", 3: carrier, 15: "01JAN1331DEC13", 191: "0000"}))
        day = f"{out:%d%b%y}".upper()
        leg = {
            1: "3", 3: carrier, 6: f"{row.number:4}", 10: "01", 12: "01", 14: "J", 15: day + day,
            28 + out.isoweekday(): str(out.isoweekday()), 37: row.origin, 40: f"{out:%H%M}", 44: f"{out:%H%M}",
            48: "-0400", 55: row.destination, 58: f"{in_:%H%M}", 62: f"{in_:%H%M}", 66: "-0400", 73: "320",
            193: f"0{(in_.date() - out.date()).days}",
        }  # fmt: skip
        lines.append(_columns(leg))
    return "\n".join(lines).encode()


def _columns(texts: dict[int, str]) -> str:
    """A record with these texts at their columns, counted from 1."""
    line = [" "] * SSIM_COLUMNS
    for column, text in texts.items():
        line[column - 1 : column - 1 + len(text)] = text
    return "".join(line)
