"""Explain what a database's error means and what to do about it, which its own text rarely does. Pure."""

import re

LOCK_SECONDS = 20
"""How long a write waits for others. Longer than any batch takes, shorter than a publisher's patience."""

STANDSTILL_SECONDS = 5
"""How long a writer may keep PostgreSQL waiting inside its transaction, and with it every other writer.

Merging a large batch between two statements takes tenths of a second. A writer that takes this long was stopped
(SIGSTOP, a frozen virtual machine) or has lost its network. PostgreSQL then ends its session, and the others continue.
"""

REPLACED = "the database file was replaced"
"""Part of the text of the error that ends a transaction on a replaced file."""

UNKNOWN = "The journal's database did not answer."

_SQLITE = (
    (
        REPLACED,
        "The journal's database file was replaced by another one while this process ran. The new one is opened next.",
    ),
    (
        "locked|busy",
        f"The journal's database was locked by another writer for more than {LOCK_SECONDS} s.",
    ),
    ("is full|no space", "The disk of the journal's database is full. Free some space."),
    (
        "readonly|read-only",
        "The journal's database is read-only. Give the process the right to write to the file and its directory.",
    ),
    ("disk i/o error", "The disk of the journal's database failed: it could not be written to or synced."),
    ("malformed|not a database", "The journal's database file is damaged. Restore a backup."),
    (
        "unable to open",
        "The journal's database file cannot be opened. Check that its directory exists and is writable.",
    ),
    (
        "no such table",
        "The journal's tables are missing. Run 'manage.py migrate' (or 'windsock serve --migrate').",
    ),
)

# The texts of PostgreSQL 13 to 18 and of libpq. The first match counts.
_POSTGRESQL = (
    (
        "lock timeout|lock_timeout",
        f"The journal's database was locked by another writer for more than {LOCK_SECONDS} s.",
    ),
    (
        "idle-in-transaction",
        f"This process stood still for more than {STANDSTILL_SECONDS} s while it held the journal's lock, so "
        "PostgreSQL ended its session.",
    ),
    (
        "read-only transaction|during recovery|session is read-only|server is in hot standby",
        "The journal's PostgreSQL takes no writes: it is a standby, or was made read-only. Name the primary in "
        "DATABASE_URL (or DATABASES); where several hosts are named there, with target_session_attrs=read-write.",
    ),
    (
        "password authentication failed|no password supplied|no pg_hba.conf entry|authentication failed",
        "PostgreSQL refuses this user. Correct user and password in DATABASE_URL (or DATABASES), or "
        "pg_hba.conf on the server.",
    ),
    ('role ".*" does not exist', "PostgreSQL does not know the user that DATABASE_URL (or DATABASES) names."),
    (
        'database ".*" does not exist',
        "PostgreSQL has no database of the name in DATABASE_URL (or DATABASES). Create it.",
    ),
    (
        r"certificate|\bssl\b|\btls\b|sslmode",
        "The TLS connection to PostgreSQL failed. Check sslmode and sslrootcert in DATABASE_URL (or "
        "DATABASES).",
    ),
    (
        "could not translate host name|name or service not known|failed to resolve|name resolution",
        "The host name in DATABASE_URL (or DATABASES) cannot be resolved.",
    ),
    (
        "connection refused|no such file or directory",
        "Nothing listens where DATABASE_URL (or DATABASES) points. Start PostgreSQL, or correct host and port.",
    ),
    (
        "too many clients|remaining connection slots|too many connections",
        "PostgreSQL has no connection left. Raise max_connections, or lower CONN_MAX_AGE.",
    ),
    ("no space left|disk full", "The disk of PostgreSQL is full. Free some space."),
    (
        "permission denied",
        "The user in DATABASE_URL (or DATABASES) may not use the journal's tables. Grant it permission.",
    ),
    (
        'relation ".*" does not exist',
        "The journal's tables are missing. Run 'manage.py migrate' (or 'windsock serve --migrate').",
    ),
    ("timeout|timed out", "The journal's PostgreSQL did not answer in time."),
)


def explain(error: BaseException) -> str:
    """Return what the error means and what to do; `UNKNOWN` if its text is not known."""
    low = " ".join(str(error).lower().split())
    known = _POSTGRESQL if _is_postgresql(error) else _SQLITE
    return next((meaning for pattern, meaning in known if re.search(pattern, low)), UNKNOWN)


def _is_postgresql(error: BaseException) -> bool:
    """Return whether it is psycopg's error, or Django's in place of one."""
    return type(error.__cause__ or error).__module__.partition(".")[0] in ("psycopg", "psycopg2")
