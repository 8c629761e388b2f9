"""What a reader of the terminal's board chose to see: which flights, which part of them, and what the keys do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Show = Literal["all", "delayed", "cancelled"]

HELP = (
    ("↑ ↓  k j", "one flight up or down"),
    ("PgUp PgDn", "one screen up or down"),
    ("Home End", "the first or the last flight"),
    ("n", "back to now"),
    ("e", "show or hide the flights that are over"),
    ("/", "filter by number, city, airport or airline; Enter keeps it, Esc clears it"),
    ("d c a", "delayed, cancelled and diverted, all flights"),
    ("Enter", "the chosen flight with its timeline"),
    ("Esc", "back to the board"),
    ("? q", "these keys; quit"),
)
"""The keys and what they do, as `?` shows them."""

ABOVE_NOW = 0.4
"""Which part of the screen lies above the line of now: what is late is there, what is still to come below."""


@dataclass(slots=True)
class BoardWindow:
    """The reader's choices. `press` changes them; `part` says which rows are on screen.

    Nothing is chosen at first: then the board follows the clock. The chosen flight stays on its line of the screen
    while others come and go.
    """

    show: Show = "all"
    text: str = ""
    earlier: bool = False
    typing: bool = False
    help: bool = False
    detail: str = ""
    chosen: str = ""
    line: int = 0
    place: int = 0
    """Where the chosen flight was last; a flight that has left the board is followed by its neighbor."""

    def press(self, key: str, ids: Sequence[str], height: int, now: int) -> bool:
        """Do what the key does, on a board of these flights in a window of that height; return False to quit.

        `now` is the place of the first flight that is still to come.
        """
        if self.typing:
            self._type(key)
        elif self.help:
            self.help = False
            return key != "q"
        elif self.detail and key in ("escape", "enter", "left", "backspace", "q"):
            self.detail = ""
        elif key == "q":
            return False
        elif key == "?":
            self.help = True
        elif key == "/":
            self.detail, self.typing = "", True
        elif key == "escape":
            self.text, self.chosen = "", ""
        elif key in ("d", "c", "a"):
            self.detail = ""
            self._narrow({"d": "delayed", "c": "cancelled", "a": "all"}[key])
        elif key == "e":
            self.earlier = not self.earlier
        elif key == "n":
            self.chosen, self.earlier, self.detail = "", False, ""
        elif key in ("enter", "right"):
            if ids:
                self.detail = self._chosen_id(ids, now)
        else:
            self._move(key, ids, height, now)
        return True

    def part(self, ids: Sequence[str], height: int, now: int) -> range:
        """Return the places of the rows on a screen of that height."""
        if self.chosen:
            self.place = self._place(ids, now)
            self.line = min(self.line, height - 1)
            top = self.place - self.line
        else:
            top = now - round(height * ABOVE_NOW)
        top = max(0, min(top, len(ids) - height))
        if self.chosen:
            self.line = self.place - top
        return range(top, min(top + height, len(ids)))

    @property
    def narrows(self) -> bool:
        """Whether flights are left out by the reader's wish."""
        return self.show != "all" or bool(self.text)

    def _type(self, key: str) -> None:
        if key == "enter":
            self.typing = False
        elif key == "escape":
            self.typing, self.text = False, ""
        elif key == "backspace":
            self.text = self.text[:-1]
        elif len(key) == 1:
            self.text = (self.text + key)[:40]
        self.chosen = ""

    def _narrow(self, show: str) -> None:
        self.show = "delayed" if show == "delayed" else "cancelled" if show == "cancelled" else "all"
        self.chosen = ""

    def _move(self, key: str, ids: Sequence[str], height: int, now: int) -> None:
        page = max(1, height - 1)
        by = {
            "up": -1, "k": -1, "down": 1, "j": 1, "page up": -page, "page down": page, " ": page,
            "home": -len(ids), "end": len(ids),
        }.get(key)  # fmt: skip
        if by is None or not ids:
            return
        if not self.chosen:
            shown = self.part(ids, height, now)
            first = min(now, len(ids) - 1)
            # The first arrow chooses the next flight to come; whoever turns pages starts from what is on screen.
            if abs(by) == 1:
                by = 0
            self.chosen, self.place, self.line = ids[first], first, first - shown.start
        place = max(0, min(len(ids) - 1, self._place(ids, now) + by))
        if abs(by) <= 1:
            self.line = max(0, min(height - 1, self.line + place - self.place))
        self.chosen, self.place = ids[place], place

    def _place(self, ids: Sequence[str], now: int) -> int:
        """Return where the chosen flight is, or was."""
        if not self.chosen:
            return min(now, len(ids) - 1)
        try:
            return ids.index(self.chosen)
        except ValueError:
            return max(0, min(self.place, len(ids) - 1))

    def _chosen_id(self, ids: Sequence[str], now: int) -> str:
        place = self._place(ids, now)
        self.chosen, self.place = ids[place], place
        return ids[place]
