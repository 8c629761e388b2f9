"""Reads the conversation files: names replaced by the flights they stand for, and frames matched as the README says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "conversations"


def names(replayer: str) -> list[str]:
    """The conversations that concern this replayer (`server` or `client`), sorted."""
    files = (path for path in FOLDER.glob("*.json") if path.name != "flights.json")
    return sorted(
        p.stem for p in files if replayer in json.loads(p.read_text()).get("for", ["server", "client"])
    )


def read(name: str) -> dict[str, Any]:
    """One conversation, with every `{"$": name}` replaced by the flight it stands for."""
    flights = json.loads((FOLDER / "flights.json").read_text())

    def replaced(value: Any) -> Any:
        if isinstance(value, list):
            return [replaced(item) for item in value]
        if isinstance(value, dict):
            return (
                flights[value["$"]]
                if set(value) == {"$"}
                else {key: replaced(item) for key, item in value.items()}
            )
        return value

    talk: dict[str, Any] = replaced(json.loads((FOLDER / f"{name}.json").read_text()))
    return talk


def sendable(frame: Any) -> Any:
    """The frame as it is fed: examples in place of `any`, nothing in place of `absent`."""
    if isinstance(frame, list):
        return [sendable(item) for item in frame]
    if isinstance(frame, dict):
        if set(frame) == {"any"}:
            return frame["any"]
        return {key: sendable(value) for key, value in frame.items() if value != {"absent": True}}
    return frame


def differences(expected: Any, real: Any, path: str = "") -> Iterator[str]:
    """What keeps the real frame from matching the expected one, in words; nothing if it matches."""
    if isinstance(expected, dict) and set(expected) == {"any"}:
        return
    if isinstance(expected, dict) and isinstance(real, dict):
        for key, value in expected.items():
            where = f"{path}.{key}" if path else key
            if value == {"absent": True}:
                if key in real:
                    yield f"{where} should be absent, but is {real[key]!r}"
            elif key not in real:
                yield f"{where} is missing; expected {value!r}"
            else:
                yield from differences(value, real[key], where)
    elif isinstance(expected, list) and isinstance(real, list):
        if path.endswith("topics"):
            expected, real = sorted(expected), sorted(real)
        if len(expected) != len(real):
            yield f"{path} has {len(real)} items; expected {len(expected)}: {expected!r}"
        for index, (one, other) in enumerate(zip(expected, real, strict=False)):
            yield from differences(one, other, f"{path}[{index}]")
    elif expected != real or isinstance(expected, bool) != isinstance(real, bool):
        yield f"{path} is {real!r}; expected {expected!r}"
