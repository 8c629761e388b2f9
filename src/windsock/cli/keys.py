"""Single keys of the terminal: read without echo or line buffering, and named."""

import contextlib
import os
import sys
from collections.abc import Iterator

# What terminals send for the keys of a board: xterm, in both of its modes, the Linux console, tmux, rxvt.
_SEQUENCES = {
    "[A": "up", "OA": "up", "[B": "down", "OB": "down", "[C": "right", "OC": "right", "[D": "left", "OD": "left",
    "[5~": "page up", "[6~": "page down", "[H": "home", "OH": "home", "[1~": "home", "[7~": "home",
    "[F": "end", "OF": "end", "[4~": "end", "[8~": "end",
}  # fmt: skip

_NAMED = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\x08": "backspace", "\t": "tab"}

READ_BYTES = 1024


class KeyReader:
    """Turns what a terminal sends into names of keys: "up", "page down", "enter", or the letter itself."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, sent: bytes) -> list[str]:
        """Return the keys that are complete; keep the beginning of a sequence for the next call."""
        self._rest += sent
        keys: list[str] = []
        while self._rest:
            length, key = self._first(self._rest)
            if not length:
                break
            self._rest = self._rest[length:]
            if key:
                keys.append(key)
        return keys

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a sequence is kept: it is the Escape key if nothing more comes."""
        return bool(self._rest)

    def give_up(self) -> list[str]:
        """Return the keys in what is kept, now that nothing more is coming."""
        alone, self._rest = self._rest == b"\x1b", b""
        return ["escape"] if alone else []

    def _first(self, sent: bytes) -> tuple[int, str]:
        """Return the length and the name of the first key; 0 if it is incomplete, "" if it is unknown."""
        if sent[:1] != b"\x1b":
            return _letter(sent)
        if len(sent) == 1:
            return 0, ""
        if sent[1:2] not in (b"[", b"O"):
            return 1, "escape"
        for end in range(2, len(sent)):
            if 0x40 <= sent[end] <= 0x7E:
                return end + 1, _SEQUENCES.get(sent[1 : end + 1].decode("ascii", "replace"), "")
        return 0, ""


def _letter(sent: bytes) -> tuple[int, str]:
    length = 1 if sent[0] < 0xC0 else 2 if sent[0] < 0xE0 else 3 if sent[0] < 0xF0 else 4
    if len(sent) < length:
        return 0, ""
    text = sent[:length].decode(errors="replace")
    return length, _NAMED.get(text) or (text if text.isprintable() else "")


@contextlib.contextmanager
def single_keys() -> Iterator[int | None]:
    """Yield the terminal's file descriptor without echo or line buffering; None if stdin is not our terminal.

    The terminal is as before when the block ends, however it ends.
    """
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield None
        return
    try:
        keys = sys.stdin.fileno()
        # A job in the background would be stopped for touching the terminal.
        usable = os.isatty(keys) and os.tcgetpgrp(keys) == os.getpgrp()
    except (OSError, ValueError):
        usable = False
    if not usable:
        yield None
        return
    before = termios.tcgetattr(keys)
    tty.setcbreak(keys)
    try:
        yield keys
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(keys, termios.TCSADRAIN, before)
