"""The tables of airports and airlines, shipped and your own."""

from collections.abc import Iterator

from windsock.cli.diagnosis.finding import Finding


def airports_and_airlines() -> Iterator[Finding]:
    from windsock.flights.airports import airport

    unknown = [code for code in ("JFK", "EGLL", "ISN") if airport(code) is None]
    if unknown:
        yield Finding(
            "airports",
            "wrong",
            f"{', '.join(unknown)} not found",
            "Reinstall: python -m pip install --force-reinstall windsock",
        )
        return
    kennedy = airport("JFK")
    assert kennedy is not None
    yield Finding("airports", "ok", f"loaded, with time zones; for instance {kennedy.name}: {kennedy.tz.key}")
    from windsock.conf import config
    from windsock.flights import airlines, airports

    for what, file, own in (
        ("airports", config().airports, airports.own()),
        ("airlines", config().airlines, airlines.own()),
    ):
        if file:
            codes = ", ".join(entry.iata or entry.icao or "" for entry in own[:5]) + (
                " …" if len(own) > 5 else ""
            )
            yield Finding(
                f"own {what}", "ok" if own else "warning", f"{len(own)} from {file}: {codes or 'none'}"
            )
