"""What the address of a display asks for, read strictly: a screen on a wall must not guess what was meant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from windsock.wording.display import MAX_PAGE_SECONDS, MAX_ROWS, MIN_PAGE_SECONDS, MIN_ROWS
from windsock.wording.language import LANGUAGES, gettext

Kind = Literal["departures", "arrivals", "both", "gate", "belt", "check-in"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PLACED: dict[str, str] = {"gate": "gate", "belt": "belt", "check-in": "desk"}
"""Kinds that show one place, and the parameter that names it."""

THEMES = ("dark", "light", "auto")
LOST = ("ask", "keep")
"""What a screen shows ten minutes after the connection was lost: to ask the staff, or the last rows."""

MAX_SCREENS = 12
MAX_VALUES = 20
"""Terminals or carriers in one list. More are a mistake in the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What to show, and how. `part` and `screens`: the second of three screens side by side is 2 of 3."""

    kind: Kind
    rows: int = 14
    terminals: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    place: str = ""
    languages: tuple[str, ...] = ("en",)
    theme: str = "dark"
    seconds: float = 15
    part: int = 1
    screens: int = 1
    lost: str = "ask"


class BadParameters(ValueError):
    """The address asks for something that does not exist. `faults` has a sentence for each wrong parameter."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class _Reading:
    def __init__(self, query: Mapping[str, str]) -> None:
        self.query, self.faults = query, list[str]()

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.query.get(name, "").strip() or str(default)
        if text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most:
            return int(text)
        self.faults.append(
            gettext(
                "{parameter} does not work: use a number from {least} to {most}.",
                parameter=f"{name}={text[:20]}",
                least=least,
                most=most,
            )
        )
        return default

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.query.get(name, "").strip() or choices[0]
        if text in choices:
            return text
        self.faults.append(
            gettext(
                "{parameter} does not work: use {choices}.",
                parameter=f"{name}={text[:20]}",
                choices=", ".join(choices),
            )
        )
        return choices[0]

    def values(self, name: str) -> tuple[str, ...]:
        found = tuple(part.strip() for part in self.query.get(name, "").split(",") if part.strip())
        if len(found) > MAX_VALUES or any(len(value) > 12 or not value.isprintable() for value in found):
            self.faults.append(
                gettext(
                    "{parameter} takes up to {count} values, separated by commas.",
                    parameter=name,
                    count=MAX_VALUES,
                )
            )
            return ()
        return found

    def part(self) -> tuple[int, int]:
        text = self.query.get("part", "").strip() or "1/1"
        first, slash, second = text.partition("/")
        if slash and first.isdecimal() and second.isdecimal() and len(text) < 6:
            part, screens = int(first), int(second)
            if 1 <= part <= screens <= MAX_SCREENS:
                return part, screens
        self.faults.append(
            gettext(
                "{parameter} does not work: the second of three screens is part=2/3, and there are up to {count}.",
                parameter=f"part={text[:20]}",
                count=MAX_SCREENS,
            )
        )
        return 1, 1


NAMES = {
    "rows",
    "terminal",
    "carrier",
    "lang",
    "theme",
    "page",
    "part",
    "lost",
    "gate",
    "belt",
    "desk",
}
"""The parameters of an address."""


def parameters_of(kind: str, query: Mapping[str, str], spoken_here: str = "en") -> Parameters:
    """Return what the address asks for; `spoken_here` is the language of a display that names none.

    Raises:
        BadParameters: a value does not exist, is out of range, or a parameter has another name.
    """
    reading = _Reading(query)
    if kind not in KINDS:
        raise BadParameters(
            [gettext("There is no display {kind}: use {choices}.", kind=kind[:20], choices=", ".join(KINDS))]
        )
    for name in sorted(set(query) - NAMES):
        reading.faults.append(
            gettext(
                "{parameter} is not a parameter of a display: use {choices}.",
                parameter=name[:20],
                choices=", ".join(sorted(NAMES)),
            )
        )
    part, screens = reading.part()
    spoken = tuple(dict.fromkeys(reading.values("lang"))) or (spoken_here,)
    for language in spoken:
        if language not in LANGUAGES:
            reading.faults.append(
                gettext(
                    "{parameter} does not work: use {choices}.",
                    parameter=f"lang={language}",
                    choices=", ".join(LANGUAGES),
                )
            )
    placed = PLACED.get(kind, "")
    place = query.get(placed, "").strip()[:40] if placed else ""
    if kind in ("gate", "check-in") and not place:
        reading.faults.append(gettext("This display needs the parameter {example}.", example=f"{placed}=12"))
    made = Parameters(
        kind=kind,
        rows=reading.number("rows", 14, MIN_ROWS, MAX_ROWS),
        terminals=tuple(value.upper() for value in reading.values("terminal")),
        carriers=tuple(value.upper() for value in reading.values("carrier")),
        place=place,
        languages=spoken,
        theme=reading.choice("theme", THEMES),
        seconds=reading.number("page", 15, MIN_PAGE_SECONDS, MAX_PAGE_SECONDS),
        part=part,
        screens=screens,
        lost=reading.choice("lost", LOST),
    )
    if reading.faults:
        raise BadParameters(reading.faults)
    return made
