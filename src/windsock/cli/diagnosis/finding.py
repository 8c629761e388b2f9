"""The result of one examination."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: what it is, what was found, and how to cure it unless it is fine."""

    what: str
    state: State
    found: str
    cure: str = ""
