"""`windsock publish`: one report from the command line, with what it changed."""

import json
import re
from datetime import date as Day
from typing import Annotated, Any

import msgspec
import typer

from windsock.cli.console import say
from windsock.errors import ReportError

_HOURS = re.compile(r"^(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?:\+(?P<days>[12]))?$")

Url = Annotated[
    str, typer.Option(envvar="WINDSOCK_URL", help="The address of the service (https:// or wss://).")
]
Token = Annotated[
    str | None, typer.Option(envvar="WINDSOCK_TOKEN", help="A token; safer in the environment.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(publish)


def publish(
    flight: Annotated[
        str, typer.Argument(help="The flight number: DL1865, DAL1865, 'DL 1865', or a codeshare's.")
    ],
    date: Annotated[
        str | None, typer.Option(help="The scheduled departure date at the origin: 2015-01-02.")
    ] = None,
    origin: Annotated[str | None, typer.Option(help="IATA or ICAO code of the origin.")] = None,
    destination: Annotated[
        str | None, typer.Option(help="IATA or ICAO code of the destination; needed only for a new flight.")
    ] = None,
    delay: Annotated[int | None, typer.Option(help="Departure delay in minutes; negative is early.")] = None,
    arrival_delay: Annotated[int | None, typer.Option(help="Arrival delay in minutes.")] = None,
    reason: Annotated[
        list[str] | None,
        typer.Option(
            help="Delay code, IATA AHM 730 ('93', 'RA') or 'SCHEME:CODE' ('bts:weather'). May be repeated."
        ),
    ] = None,
    scheduled: Annotated[
        str | None, typer.Option(help="Scheduled departure; times are explained below.")
    ] = None,
    estimated: Annotated[str | None, typer.Option(help="Estimated departure.")] = None,
    out: Annotated[str | None, typer.Option("--out", help="Left the gate.")] = None,
    off: Annotated[str | None, typer.Option("--off", help="Took off.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="Landed.")] = None,
    in_: Annotated[str | None, typer.Option("--in", help="Reached the gate.")] = None,
    scheduled_arrival: Annotated[str | None, typer.Option(help="Scheduled arrival.")] = None,
    estimated_arrival: Annotated[str | None, typer.Option(help="Estimated arrival.")] = None,
    terminal: Annotated[
        str | None, typer.Option(help="Terminal at the origin. '' erases, as for every text.")
    ] = None,
    gate: Annotated[str | None, typer.Option(help="Gate at the origin.")] = None,
    checkin_desk: Annotated[str | None, typer.Option(help="Check-in desks, such as 101-118.")] = None,
    arrival_gate: Annotated[str | None, typer.Option(help="Gate at the destination.")] = None,
    belt: Annotated[str | None, typer.Option(help="Baggage belt.")] = None,
    first_bag: Annotated[
        str | None, typer.Option(help="When the first bag reaches the belt, expected or actual.")
    ] = None,
    registration: Annotated[str | None, typer.Option(help="The aircraft, such as N910DE.")] = None,
    cancelled: Annotated[
        bool | None, typer.Option("--cancelled/--reinstated", help="Cancelled, or reinstated.")
    ] = None,
    boarding: Annotated[
        bool | None, typer.Option("--boarding/--not-boarding", help="Boarding has begun, or not.")
    ] = None,
    stated_status: Annotated[
        str | None,
        typer.Option("--status", help="A milestone whose time is unknown: out, airborne, landed or arrived."),
    ] = None,
    diverted_to: Annotated[str | None, typer.Option(help="The airport it is diverted to.")] = None,
    observed_at: Annotated[str | None, typer.Option(help="When this was observed. Default: now.")] = None,
    source: Annotated[
        str | None,
        typer.Option(help="The source, if not the token's own; the token must allow it."),
    ] = None,
    url: Url = "http://127.0.0.1:8000",
    token: Token = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the service's answer as JSON.")] = False,
) -> None:
    """Publish one report and print what it changed. Only what you give is reported.

    Times: '14:29' is local time at the airport on the flight's --date ('00:35+1': the day after);
    '2015-01-02T14:29' is local too; '2015-01-02T19:29Z' is UTC.

    Exit code 0: recorded, durably. 1: refused or not reachable, and the text says why. 2: wrong usage.
    """

    # Late: `windsock --help` should not wait for them.
    from windsock.cli import lines
    from windsock.client import http
    from windsock.flights import Change

    def time(option: str, value: str | None) -> str | None:
        return value if value is None else _time(option, value, date)

    report = _given(
        flight=flight,
        date=parse_date(date),
        origin=origin,
        destination=destination,
        observed_at=time("--observed-at", observed_at),
        source=source,
        departure_delay_minutes=delay,
        arrival_delay_minutes=arrival_delay,
        delay_reasons=[_reason(each) for each in reason] if reason else None,
        departure=_given(
            scheduled=time("--scheduled", scheduled),
            estimated=time("--estimated", estimated),
            actual=time("--out", out),
            terminal=terminal,
            gate=gate,
            checkin_desk=checkin_desk,
        ),
        takeoff=_given(actual=time("--off", off)),
        landing=_given(actual=time("--on", on)),
        arrival=_given(
            scheduled=time("--scheduled-arrival", scheduled_arrival),
            estimated=time("--estimated-arrival", estimated_arrival),
            actual=time("--in", in_),
            gate=arrival_gate,
            belt=belt,
            first_bag=time("--first-bag", first_bag),
        ),
        registration=registration,
        cancelled=cancelled,
        boarding=boarding,
        stated_status=stated_status,
        diverted_to=diverted_to,
    )
    if set(report) <= {"flight", "date", "origin", "source"}:
        raise typer.BadParameter("The report is empty. Add --delay, --gate, --cancelled or the like.")
    try:
        answer = http.publish(url, report, token=token)
    except ReportError as error:
        _refused(error)
    if as_json:
        print(json.dumps(answer))
        return
    changes = [msgspec.convert(change, _AnyChange) for change in answer.get("changes", [])]
    print(f"{answer['flight']} version {answer['version']}, position {answer['position']}")
    origin = str(answer["flight"]).rpartition(".")[2]
    for change in changes:
        known = Change(kind=change.kind, field=change.field, from_=change.from_, to=change.to)
        print(f"  {lines.change_line(known, origin)}")
    if not changes:
        print("  nothing new: this was known already, or a source of higher rank says otherwise")


class _AnyChange(msgspec.Struct, rename={"from_": "from"}):
    """A change as the service reports it; its kind may be newer than this command."""

    kind: Any
    field: str | None = None
    from_: Any = None
    to: Any = None


def _given(**facts: Any) -> dict[str, Any]:
    """Return the facts that were given; an empty text erases (null)."""
    given = {name: fact for name, fact in facts.items() if fact is not None and fact != {}}
    return {name: None if fact == "" else fact for name, fact in given.items()}


def parse_date(text: str | None) -> str | None:
    """Return the value of --date; raise BadParameter unless it is a day."""
    if text is not None:
        try:
            Day.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(f"--date is {text!r}; write it like 2015-01-02.") from None
    return text


def _time(option: str, text: str, date: str | None) -> str | None:
    found = _HOURS.match(text)
    if not found:
        return text
    if date is None:
        raise typer.BadParameter(f"{option} {text} needs --date, or write the day too: 2015-01-02T{text}.")
    day = Day.fromordinal(Day.fromisoformat(date).toordinal() + int(found["days"] or 0))
    return f"{day}T{int(found['hour']):02}:{found['minute']}:00"


def _reason(text: str) -> dict[str, str]:
    scheme, colon, code = text.partition(":")
    return {"scheme": scheme.lower(), "code": code} if colon else {"scheme": "ahm730", "code": text}


def _refused(error: ReportError) -> None:
    say(f"windsock: {error.message}")
    if error.field and error.field not in error.message:
        say(f"  field: {error.field}")
    if error.expected and error.expected not in error.message:
        say(f"  expected: {error.expected}")
    for candidate in error.candidates:
        say(
            f"  candidate: {candidate}  (use --date {candidate.split('.')[1]} --origin {candidate.split('.')[-1]})"
        )
    raise typer.Exit(1)
