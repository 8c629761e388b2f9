"""Many rows in one statement, for the three tables every report is written to.

Raw SQL, because it was measured to matter (bench/ingest.py): with `bulk_create` two thirds of the time of a batch went
into preparing 17 values per row one by one, and on PostgreSQL, where Django interpolates parameters on the client, into
splitting a query text of a megabyte. Table, columns and types still come from the models, so they cannot drift apart.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]


def insert(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Inserts rows; `columns` are field names in the order of their values."""
    _write(connection, model, columns, rows, "")


def insert_missing(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Inserts those rows whose primary key is not there yet; waits for whoever is inserting it just now."""
    _write(connection, model, columns, rows, " ON CONFLICT DO NOTHING")


def upsert(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    update: Sequence[str],
) -> None:
    """Inserts rows; where the primary key, which is the first column, is there already, sets the columns `update`."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    _write(connection, model, columns, rows, f" ON CONFLICT ({quote(columns[0])}) DO UPDATE SET {sets}")


def _write(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    conflict: str,
) -> None:
    if not rows:
        return
    quote = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    into = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
    if connection.vendor == "postgresql" and (execute := _server_side(connection)) is not None:
        # One array per column: the statement is the same for any number of rows, so it is parsed and planned once.
        arrays = ", ".join(f"%b::{field.cast_db_type(connection)}[]" for field in fields)
        columnwise = [list(column) for column in zip(*rows, strict=True)]
        execute(f"{into} SELECT * FROM unnest({arrays}){conflict}", columnwise)
        return
    adapters = [_adapter(connection, field) for field in fields]
    if any(adapters):
        rows = [
            tuple(
                value if adapt is None else adapt(value) for adapt, value in zip(adapters, row, strict=True)
            )
            for row in rows
        ]
    with connection.cursor() as cursor:
        cursor.executemany(f"{into} VALUES ({', '.join(['%s'] * len(fields))}){conflict}", rows)


def _server_side(connection: BaseDatabaseWrapper) -> Callable[[str, list[Any]], None] | None:
    """Runs a statement with parameters bound on the server, in the connection's transaction; None without psycopg 3."""
    try:
        import psycopg
    except ImportError:
        return None
    raw = connection.connection
    if not isinstance(raw, psycopg.Connection):
        return None

    def execute(statement: str, values: list[Any]) -> None:
        with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
            cursor.execute(statement.encode(), values)

    return execute


def _adapter(connection: BaseDatabaseWrapper, field: Any) -> Callable[[Any], Any] | None:
    """What makes of a value what the database stores; None where it is stored as it is."""
    if isinstance(field, models.DateTimeField):
        if connection.vendor == "sqlite" and connection.timezone_name == "UTC":
            return _sqlite_time
        return lambda value: connection.ops.adapt_datetimefield_value(value)
    if isinstance(field, models.DateField):
        return _iso if connection.vendor == "sqlite" else None
    return None


def _sqlite_time(value: datetime | None) -> str | None:
    """As Django's SQLite backend writes it: UTC, without an offset."""
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(" ")


def _iso(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
