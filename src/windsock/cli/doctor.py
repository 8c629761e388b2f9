"""`windsock doctor`: what is configured, reachable and migrated, and what cures the rest."""

import io
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import windsock
from windsock.cli.console import start_django, use_data_directory
from windsock.errors import WindsockError

if TYPE_CHECKING:
    from windsock.conf import Setting

State = Literal["ok", "warning", "wrong"]
MARKS: dict[State, str] = {"ok": "✓", "warning": "!", "wrong": "✗"}
PLAIN_MARKS: dict[State, str] = {"ok": "ok", "warning": "!!", "wrong": "NO"}

# A database server whose clock is off by more than this gives expiry times that are wrong by a ticket's life.
CLOCK_TOLERANCE_SECONDS = 5.0

NEEDS_DATABASE = frozenset({"migrations", "clock", "tokens", "duties", "secret key", "permission"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `what` it is, what was found, and, unless it is fine, what cures it."""

    what: str
    state: State
    found: str
    cure: str = ""


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.command(name="doctor")(doctor)


def doctor(
    data: Annotated[
        Path | None, typer.Option(help="The service's data directory. Default: WINDSOCK_DATA.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Looks at everything Windsock stands on. Exit code 1 when something is wrong (✗); warnings (!) do not count."""
    use_data_directory(data)
    findings = list(examine())
    if as_json:
        import msgspec

        print(msgspec.json.encode([asdict(finding) for finding in findings]).decode())
    else:
        marks = MARKS if _can_print("✓✗→") else PLAIN_MARKS
        if marks is PLAIN_MARKS and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # an airport's or a database's name may have any letters
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            print(f"{marks[finding.state]} {finding.what:<{width}}  {finding.found}")
            if finding.cure:
                print(
                    f"  {'':<{width}}  -> {finding.cure}"
                    if marks is PLAIN_MARKS
                    else f"  {'':<{width}}  → {finding.cure}"
                )
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Everything, in the order in which one thing needs the other; stops where nothing further can be asked."""
    yield _python()
    try:
        start_django()
    except WindsockError as error:
        found, _, command = str(error).partition(" Install it with: ")
        yield Finding(
            "channel layer" if "channels-redis" in found else "settings",
            "wrong",
            found,
            command or "Correct the setting named, or the environment it comes from.",
        )
        return
    except Exception as error:  # a host's own settings may raise anything
        yield Finding(
            "settings",
            "wrong",
            f"{type(error).__name__}: {error}",
            "Correct DJANGO_SETTINGS_MODULE or what it names.",
        )
        return
    yield _django()
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("configuration", _configuration),
        ("data directory", _data_directory),
        ("database", _database),
        ("migrations", _migrations),
        ("clock", _clock),
        ("channel layer", _channel_layer),
        ("duties", _duties),
        ("secret key", _keys),
        ("tokens", _tokens),
        ("permission", _permission),
        ("airports", _airports),
        ("system checks", _system_checks),
    ]
    reachable = True
    for what, look in looks:
        if not reachable and what in NEEDS_DATABASE:
            continue
        try:
            for finding in look():
                if finding.what in ("database", "migrations") and finding.state == "wrong":
                    reachable = False
                yield finding
        except Exception as error:
            yield Finding(
                what, "wrong", f"{type(error).__name__}: {error}".strip(), "See the cures above first."
            )


def _python() -> Finding:
    found = f"{platform.python_version()} at {sys.executable}; windsock {windsock.__version__}"
    return Finding("Python", "ok", found)


def _django() -> Finding:
    import django

    found = f"{django.get_version()} with {os.environ.get('DJANGO_SETTINGS_MODULE')}"
    if not (5, 2) <= django.VERSION[:2] < (6, 2):
        return Finding("Django", "warning", found, "Windsock is tested with Django 5.2 to 6.1.")
    return Finding("Django", "ok", found)


def _configuration() -> Iterator[Finding]:
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


def _data_directory() -> Iterator[Finding]:
    from django.conf import settings

    data = getattr(settings, "DATA", None)
    if not isinstance(data, Path):
        return  # a host project keeps its own files
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
    yield Finding("data directory", "ok", f"{data} is writable")
    key = data / "secret_key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield Finding("secret key", "wrong", f"{key} can be read by others", f"chmod 600 {key}")


def _database() -> Iterator[Finding]:
    from django.db import connections

    from windsock.conf import config
    from windsock.journal.databasefaults import UNKNOWN, explain

    alias = config().database
    connection = connections[alias]
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                yield from _sqlite(
                    cursor, str(connection.settings_dict["NAME"]), connection.settings_dict["OPTIONS"]
                )
            elif connection.vendor == "postgresql":
                yield from _postgresql(cursor)
            else:
                yield Finding(
                    "database",
                    "wrong",
                    f"{connection.vendor} is not supported",
                    "Use SQLite or PostgreSQL (DATABASE_URL).",
                )
    except Exception as error:
        name = connection.settings_dict.get("NAME")
        meaning = explain(error)
        cure = "Start the database, or correct DATABASE_URL (or settings.DATABASES)."
        if meaning != UNKNOWN:
            cure = meaning
        yield Finding("database", "wrong", f"{name} cannot be reached: {' '.join(str(error).split())}", cure)


def _sqlite(cursor: object, name: str, options: dict[str, object]) -> Iterator[Finding]:
    mode, synchronous, version = (
        _one(cursor, "PRAGMA journal_mode"),
        _one(cursor, "PRAGMA synchronous"),
        _one(cursor, "SELECT sqlite_version()"),
    )
    yield Finding("database", "ok", f"SQLite {version}, {name}")
    wrong = []
    if str(mode).lower() != "wal":
        wrong.append(f"journal_mode is {mode}, WAL is needed: readers would block the writer")
    if synchronous not in (2, 3):
        wrong.append(
            f"synchronous is {synchronous}, 2 (FULL) is needed: a power loss could take back what was acknowledged"
        )
    if options.get("transaction_mode") != "IMMEDIATE":
        wrong.append(
            "transaction_mode is not IMMEDIATE: concurrent writers would fail with 'database is locked'"
        )
    if wrong:
        yield Finding(
            "SQLite settings",
            "wrong",
            "; ".join(wrong),
            'In DATABASES: "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": '
            '"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}',
        )
    else:
        yield Finding("SQLite settings", "ok", "WAL, synchronous FULL, IMMEDIATE transactions")


def _postgresql(cursor: object) -> Iterator[Finding]:
    version = _one(cursor, "SHOW server_version")
    yield Finding("database", "ok", f"PostgreSQL {version}")
    durable = _one(cursor, "SHOW synchronous_commit")
    if durable == "off":
        yield Finding(
            "PostgreSQL settings",
            "wrong",
            "synchronous_commit is off: a crash could take back what was acknowledged",
            "ALTER DATABASE … SET synchronous_commit = on",
        )
    if _one(cursor, "SHOW fsync") == "off":
        yield Finding(
            "PostgreSQL settings", "wrong", "fsync is off: a crash can destroy the database", "fsync = on"
        )


def _migrations() -> Iterator[Finding]:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    from windsock.conf import config

    executor = MigrationExecutor(connections[config().database])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        yield Finding("migrations", "wrong", f"missing: {names}{more}", _migrate())
        return
    from windsock.journal.database import DatabaseJournal

    head = DatabaseJournal(using=config().database).head()
    yield Finding("migrations", "ok", f"up to date; the journal stands at {head.position}")


def _tokens() -> Iterator[Finding]:
    from django.utils import timezone

    from windsock.access.models import Token

    now = timezone.now()
    free = [token for token in Token.objects.all() if token.is_valid(now) and "*" in token.speaks_for]
    if free:
        shown = ", ".join(token.prefix for token in free[:5]) + (" …" if len(free) > 5 else "")
        yield Finding(
            "tokens",
            "warning",
            f"{len(free)} may report as any source: {shown}",
            "Replace each by a token with a list: windsock token create NAME --scope publish --speaks-for SOURCE",
        )


def _clock() -> Iterator[Finding]:
    from django.conf import settings
    from django.db import connections

    from windsock.conf import config

    if not settings.USE_TZ:
        yield Finding("clock", "wrong", "USE_TZ is off: times would lose their zone", "USE_TZ = True")
    now = datetime.now(UTC)
    if now.year < 2025:
        yield Finding("clock", "wrong", f"this machine believes it is {now:%Y-%m-%d}", "Set its clock (NTP).")
        return
    connection = connections[config().database]
    skew = 0.0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            there = _one(cursor, "SELECT extract(epoch FROM clock_timestamp())")
        skew = abs(float(str(there)) - time.time())
    if skew > CLOCK_TOLERANCE_SECONDS:
        yield Finding(
            "clock", "wrong", f"the database's clock differs by {skew:.0f} s", "Run NTP on both machines."
        )
        return
    if settings.TIME_ZONE != "UTC":
        yield Finding(
            "clock",
            "warning",
            f"{now:%Y-%m-%d %H:%M:%S} UTC; TIME_ZONE is {settings.TIME_ZONE}",
            'TIME_ZONE = "UTC"',
        )
        return
    yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _channel_layer() -> Iterator[Finding]:
    from channels.layers import channel_layers

    from windsock.conf import config

    alias = config().channel_layer
    if alias not in channel_layers.configs:
        yield Finding(
            "channel layer",
            "warning",
            f"settings.CHANNEL_LAYERS has no {alias!r}: updates between processes take up to a second",
            'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}} or channels_redis',
        )
        return
    layer = channel_layers[alias]
    kind = type(layer).__name__
    try:
        _round_trip(layer)
    except Exception as error:
        from windsock.live.group.layer_faults import meaning

        yield Finding(
            "channel layer",
            "wrong",
            f"{kind} does not work: {str(error) or type(error).__name__}",
            f"{meaning(error)} Until then updates between processes take up to a second.",
        )
        return
    if kind == "InMemoryChannelLayer":
        yield Finding(
            "channel layer", "ok", "in memory: right for one machine; several processes look once a second"
        )
    else:
        yield Finding("channel layer", "ok", f"{kind} answers")


def _round_trip(layer: object) -> None:
    """Sends one message through the layer and takes it out again; raises when that fails or takes over 3 seconds."""
    import asyncio

    async def there_and_back() -> None:
        name = await layer.new_channel()  # type: ignore[attr-defined]
        await layer.send(name, {"type": "windsock.doctor"})  # type: ignore[attr-defined]
        await layer.receive(name)  # type: ignore[attr-defined]
        close = getattr(layer, "close_pools", None)
        if close is not None:
            await close()

    asyncio.run(asyncio.wait_for(there_and_back(), timeout=3))


def _permission() -> Iterator[Finding]:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Permission

    exists = Permission.objects.filter(codename="publish", content_type__app_label="windsock").exists()
    if not exists:
        yield Finding("permission", "wrong", "windsock.publish does not exist", _migrate())
        return
    model = get_user_model()
    members = model._default_manager.filter(is_active=True).count()
    with_perm = getattr(model._default_manager, "with_perm", None)
    if with_perm is None:
        yield Finding("permission", "ok", f"windsock.publish exists; {members} active users")
        return
    publishers = with_perm("windsock.publish", backend="django.contrib.auth.backends.ModelBackend").count()
    yield Finding(
        "permission", "ok", f"{publishers} of {members} active users may publish (windsock.publish)"
    )


def _duties() -> Iterator[Finding]:
    from windsock.duties import health, registry

    names = list(registry.expected().values())
    said = health.complaint()
    if said is None:
        yield Finding("duties", "ok", f"somebody runs {', '.join(names)}")
        return
    found, _, cure = said.partition(". ")
    yield Finding("duties", "warning", found, cure)


def _keys() -> Iterator[Finding]:
    from windsock.access import key_fingerprints

    said = key_fingerprints.complaint()
    if said is None:
        known = key_fingerprints.fingerprint()
        yield Finding("secret key", "ok", f"nobody uses another one; its fingerprint is {known}")
        return
    yield Finding(
        "secret key", "wrong", said.removesuffix(key_fingerprints.CURE).strip(), key_fingerprints.CURE
    )


def _airports() -> Iterator[Finding]:
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
    yield Finding("airports", "ok", f"known with their zones, for instance {kennedy.name}: {kennedy.tz.key}")
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


def _system_checks() -> Iterator[Finding]:
    from django.core.checks import ERROR, run_checks

    for message in run_checks():
        if not message.is_silenced() and message.id != "windsock.W010":  # told as "duties" already
            state: State = "wrong" if message.level >= ERROR else "warning"
            yield Finding(f"check {message.id}", state, str(message.msg), str(message.hint or ""))


def _migrate() -> str:
    """The command that brings this project's database up to date."""
    ours = os.environ.get("DJANGO_SETTINGS_MODULE") == "windsock.service.settings"
    return "windsock serve --migrate" if ours else "python manage.py migrate"


def _one(cursor: object, statement: str) -> object:
    cursor.execute(statement)  # type: ignore[attr-defined]
    return cursor.fetchone()[0]  # type: ignore[attr-defined]


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
