"""The settings, the data directory, and Django's system checks."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from windsock.cli.diagnosis.finding import Finding, State
from windsock.conf import Setting

REPORTED_ELSEWHERE = frozenset({"windsock.E001", "windsock.W010"})
"""System checks that the findings "configuration" and "duties" report."""


def configuration() -> Iterator[Finding]:
    from django.conf import settings

    from windsock.conf import changed, config, faults

    if wrong := faults(getattr(settings, "WINDSOCK", {})):
        for fault in wrong:
            yield Finding("configuration", "wrong", fault, "Correct settings.WINDSOCK.")
        return
    current = config()
    reading = "anonymous visitors may read" if current.public_read else "only members may read"
    yield Finding(
        "configuration", "ok", f"{reading}; origins besides our own: {len(current.allowed_origins)}"
    )
    if own := [_shown(setting, value) for setting, value in changed(current)]:
        yield Finding("settings", "ok", "changed from the defaults: " + ", ".join(own))
    odd = [
        origin for origin in current.allowed_origins if "://" not in origin or origin.rstrip("/") != origin
    ]
    if odd:
        yield Finding(
            "origins",
            "wrong",
            f"{', '.join(odd)} will match no browser",
            "Write origins exactly as browsers send them: https://example.org, without a path or a final slash.",
        )
    if settings.DEBUG:
        yield Finding(
            "debug", "warning", "DEBUG is on", "Turn it off wherever others can reach this service."
        )


def _shown(setting: "Setting", value: object) -> str:
    """Return a changed setting in a few words; a table such as FEEDS shows its names only, for it may hold secrets."""
    if isinstance(value, Mapping):
        return f"{setting.key} ({', '.join(map(str, value)) or 'empty'})"
    if isinstance(value, (bool, str, tuple)):
        return f"{setting.key} = {value!r}"
    return f"{setting.key} = {value} {setting.unit}"


def data_directory() -> Iterator[Finding]:
    from django.conf import settings

    data = getattr(settings, "DATA", None)
    if not isinstance(data, Path):
        return  # a project of its own keeps its own files
    from windsock.cli.data import how_located

    if not data.is_dir():
        yield Finding(
            "data directory",
            "wrong",
            f"{data} does not exist ({how_located()})",
            "If the service keeps its data elsewhere, name that directory: windsock doctor --data DIR. "
            "A new service makes it: windsock serve",
        )
        return
    trial = data / f".doctor-{os.getpid()}"
    try:
        trial.write_bytes(b"windsock")
        trial.unlink()
    except OSError as error:
        yield Finding(
            "data directory",
            "wrong",
            f"{data}: {error.strerror}",
            "Set WINDSOCK_DATA to a writable directory.",
        )
        return
    yield Finding("data directory", "ok", f"{data} is writable ({how_located()})")
    key = data / "secret_key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding("secret key", "wrong", f"{key} can be read by others", f"chmod 600 {key}")


def system_checks() -> Iterator[Finding]:
    from django.core.checks import ERROR, run_checks

    for message in run_checks():
        if not message.is_silenced() and message.id not in REPORTED_ELSEWHERE:
            state: State = "wrong" if message.level >= ERROR else "warning"
            yield Finding(f"check {message.id}", state, str(message.msg), str(message.hint or ""))
