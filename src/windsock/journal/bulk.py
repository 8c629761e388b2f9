"""Many rows in one statement, for the three tables every report is written to.

Raw SQL, because it was measured to matter (bench/ingest.py): with `bulk_create` two thirds of the time of a batch went
into preparing 17 values per row one by one, and on PostgreSQL, where Django interpolates parameters on the client, into
splitting a query text of a megabyte. Table, columns and types still come from the models, so they cannot drift apart.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Row = tuple[Any, ...]

CHUNK = 900
"""Values in one IN list; with a few others, still below the parameter limit of every SQLite."""


def insert(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows; `columns` are field names in the order of their values."""
    _write(connection, model, columns, rows, "")


def insert_missing(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert the rows whose primary key does not exist yet; wait for a transaction that is inserting it."""
    _write(connection, model, columns, rows, " ON CONFLICT DO NOTHING")


def upsert(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    update: Sequence[str],
) -> None:
    """Insert rows; if the primary key, which is the first column, exists already, set the columns `update`."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    _write(connection, model, columns, rows, f" ON CONFLICT ({quote(columns[0])}) DO UPDATE SET {sets}")


def update(
    connection: BaseDatabaseWrapper, model: type[models.Model], columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Set the columns of existing rows; the last of `columns` is the primary key."""
    if not rows:
        return
    quote = connection.ops.quote_name
    *sets, key = [_field(model, name) for name in columns]
    table = quote(model._meta.db_table)
    if connection.vendor == "postgresql" and (execute := _server_side(connection)) is not None:
        arrays, columnwise = _arrays(connection, [*sets, key], rows)
        names = ", ".join(quote(field.column) for field in (*sets, key))
        assigned = ", ".join(f"{quote(field.column)} = given.{quote(field.column)}" for field in sets)
        execute(
            f"UPDATE {table} SET {assigned} FROM unnest({arrays}) AS given({names}) "
            f"WHERE {table}.{quote(key.column)} = given.{quote(key.column)}",
            columnwise,
        )
        return
    assigned = ", ".join(f"{quote(field.column)} = %s" for field in sets)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {assigned} WHERE {quote(key.column)} = %s",
            _adapted(connection, [*sets, key], rows),
        )


def select(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    columns: Sequence[str],
    among: tuple[str, Iterable[Any]],
    *,
    where: str = "",
    given: Sequence[Any] = (),
) -> list[Row]:
    """Return the columns of the rows whose column `among[0]` has one of the values `among[1]`.

    `where` continues that condition, with `given` for its %s; the values are returned as the driver returns them.
    """
    quote = connection.ops.quote_name
    field = _field(model, among[0])
    values = list(among[1])
    names = ", ".join(quote(_field(model, name).column) for name in columns)
    found: list[Row] = []
    head = f"SELECT {names} FROM {quote(model._meta.db_table)} WHERE {quote(field.column)}"
    if connection.vendor == "postgresql" and (execute := _server_side(connection)) is not None:
        if not values:
            return []
        tail = where.replace("%s", "%b")
        return execute(
            f"{head} = ANY(%b::{field.cast_db_type(connection)}[]){tail}", [values, *given], fetch=True
        )
    with connection.cursor() as cursor:
        for start in range(0, len(values), CHUNK):
            part = values[start : start + CHUNK]
            cursor.execute(f"{head} IN ({', '.join(['%s'] * len(part))}){where}", [*part, *given])
            found += cursor.fetchall()
    return found


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
    fields = [_field(model, name) for name in columns]
    into = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
    if connection.vendor == "postgresql" and (execute := _server_side(connection)) is not None:
        arrays, columnwise = _arrays(connection, fields, rows)
        execute(f"{into} SELECT * FROM unnest({arrays}){conflict}", columnwise)
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{into} VALUES ({', '.join(['%s'] * len(fields))}){conflict}", _adapted(connection, fields, rows)
        )


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def _arrays(
    connection: BaseDatabaseWrapper, fields: Sequence[Any], rows: Sequence[Row]
) -> tuple[str, list[Any]]:
    """Return the statement with one array per column: for any number of rows it is parsed and planned once."""
    return (
        ", ".join(f"%b::{field.cast_db_type(connection)}[]" for field in fields),
        [list(column) for column in zip(*rows, strict=True)],
    )


def _server_side(connection: BaseDatabaseWrapper) -> Callable[..., list[Row]] | None:
    """Run a statement with parameters bound on the server, in the connection's transaction; None without psycopg 3."""
    try:
        import psycopg
    except ImportError:
        return None
    raw = connection.connection
    if not isinstance(raw, psycopg.Connection):
        return None

    def execute(statement: str, values: list[Any], fetch: bool = False) -> list[Row]:
        with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
            cursor.execute(statement.encode(), values)
            return cursor.fetchall() if fetch else []

    return execute


def _adapted(connection: BaseDatabaseWrapper, fields: Sequence[Any], rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows as the database stores them; by columns, because most need no conversion."""
    adapters = {
        index: adapt
        for index, field in enumerate(fields)
        if (adapt := _adapter(connection, field)) is not None
    }
    if not adapters:
        return rows
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for index, adapt in adapters.items():
        columns[index] = _each(adapt, columns[index])
    return list(zip(*columns, strict=True))


def _each(adapt: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Convert a column; a value that repeats, such as the time of receipt of a whole batch, only once."""
    adapted: list[Any] = []
    last = made = None
    for value in values:
        if value is not last:
            last, made = value, None if value is None else adapt(value)
        adapted.append(made)
    return adapted


def _adapter(connection: BaseDatabaseWrapper, field: Any) -> Callable[[Any], Any] | None:
    """Return the function that converts a value (never None) to what the database stores; None if it needs none."""
    if isinstance(field, models.DateTimeField):
        if connection.vendor == "sqlite" and connection.timezone_name == "UTC":
            return _sqlite_time
        return lambda value: connection.ops.adapt_datetimefield_value(value)
    if isinstance(field, models.DateField):
        return date.isoformat if connection.vendor == "sqlite" else None
    return None


def _sqlite_time(value: datetime) -> str:
    """Return a time as Django's SQLite backend writes it: UTC, without an offset."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ")[:-6]
