"""The data directory: where the ready-made service keeps its database file and its secret key.

No Django here: settings are being read when this is used. It lies with the command line, below the service, because
both ask for it.
"""

import os
import secrets
from pathlib import Path

from windsock.errors import ConfigError

_leave_no_trace = False


def leave_no_trace() -> None:
    """From here on, create nothing in this process: no directory, no key, no database file. For `windsock doctor`."""
    global _leave_no_trace
    _leave_no_trace = True


def data_location() -> Path:
    """Return where the data directory is, whether or not it exists.

    Raises ConfigError when there is no home directory to find it in.
    """
    given = os.environ.get("WINDSOCK_DATA")
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    try:
        return Path(given).expanduser().resolve() if given else Path(base).expanduser() / "windsock"
    except RuntimeError as error:
        # As in a container that runs with a number nobody gave a name.
        raise ConfigError(
            f"There is no home directory: HOME is not set, and user {_user()} has no entry in the list of users. "
            "Set WINDSOCK_DATA to a directory you may write to."
        ) from error


def how_located() -> str:
    """Return in a few words why the data directory is where it is."""
    if os.environ.get("WINDSOCK_DATA"):
        return "named by --data or WINDSOCK_DATA"
    return "the default, since neither --data nor WINDSOCK_DATA is given"


def data_directory() -> Path:
    """`WINDSOCK_DATA`, else `$XDG_DATA_HOME/windsock` (usually ~/.local/share/windsock); created with mode 700.

    Raises ConfigError when it cannot be created or written.
    """
    path = data_location()
    if _leave_no_trace:
        return path
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The data directory {path} cannot be created ({error.strerror}). "
            "Set WINDSOCK_DATA to a directory you may write to."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError(
            f"The data directory {path} cannot be written to. Set WINDSOCK_DATA to a directory you may write to."
        )
    return path


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "this one"


def private_file(name: object) -> None:
    """Make the SQLite file, if it is not there yet, readable by its owner only: it holds the keys of sessions.

    SQLite gives the files beside it the same mode. An existing file keeps its own: an operator may have widened it.
    """
    text = str(name)
    if _leave_no_trace or not text or ":memory:" in text or text.startswith("file:"):
        return
    try:
        os.close(os.open(text, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        pass  # it is there, or cannot be made: the database says which, in its own words


def secret_key(directory: Path) -> str:
    """Return the service's secret key, created on first use in `directory`/secret_key, readable by its owner only.

    Several processes may start at once: the first to make the file wins, all others read it.
    """
    path = directory / "secret_key"
    try:
        return _read(path)
    except FileNotFoundError:
        if _leave_no_trace:
            return secrets.token_urlsafe(50)  # for this process only
    # Written beside and linked into place, so that nobody ever reads a half-written key.
    draft = directory / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return _read(path)


def _read(path: Path) -> str:
    key = path.read_text().strip()
    if len(key) < 32:
        raise ConfigError(
            f"{path} holds no usable secret key. Delete it to get a new one (everybody signs in again)."
        )
    return key
