"""Find phrases that a native-speaking engineer would not write: `python tools/language.py [PATH …]`.

Reads docstrings, comments and texts of the code, templates, and documentation. tests/docs/test_language.py holds all
of them to it. CONTRIBUTING.md ("How we write") has the pairs from which the list is made.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Phrase(NamedTuple):
    """A phrase to refuse, why, and what to write instead."""

    pattern: str
    why: str
    instead: str


PHRASES = (
    Phrase(
        r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|one\b|(?:more|less|later|earlier) than\b)[a-z`]",
        "negates the noun instead of the verb",
        "is not a …; there is no …",
    ),
    Phrase(r"\btold\b(?! apart)", "nobody speaks", "sent, reported, recorded, shown"),
    Phrase(
        r"\btells?\b(?! \w+ apart| \w+ from| apart| whether| which)",
        "nobody speaks",
        "send, report, show, mean",
    ),
    Phrase(
        r"\b(?:at|through|by|the|this|each|every|which|other|one|all|both|same|of) doors?\b(?! (?:is |are )?closed)",
        "a picture, not a term",
        "endpoint, handshake, entry point, caller",
    ),
    Phrase(
        r"\bquestions? (?:to|of|for) (?:the|a|each|its) (?:database|journal|table)"
        r"|\b(?:one|two|a few|more|database) questions?\b",
        "a database is queried",
        "query",
    ),
    Phrase(
        r"\b(?:go|goes|going|went|gone) on\b(?! (?:to|sale)\b)",
        "translated",
        "continue, resume, keep running",
    ),
    Phrase(r"\b(?:come|comes|came|coming) (?:back|again)\b", "translated", "reconnect, retry, return"),
    Phrase(
        r"\bso (?:many|much|long|few|often)\b(?! as\b| that\b)",
        "points at a number that is not there",
        "this many, at most …, for that long",
    ),
    Phrase(r"\bany more(?=[.,;:)]|$)", "translated, at the end of a sentence", "no longer"),
    Phrase(
        r"(?:(?<=[.;:] )|(?<=^))(?:Who|Whom|Whose) (?!else\b|or what\b)[^?\n]*?[.;:](?= |$)",
        "a relative clause without a noun",
        "a client that …, anyone who …",
    ),
    Phrase(
        r"(?:(?<=[.;:] )|(?<=^))What (?:waits|comes|came|goes|stands|holds|lies|runs)\b[^?\n]*?[.;:](?= |$)",
        "a relative clause without a noun",
        "the queued events …, everything that …",
    ),
    Phrase(
        r"\b(?:no|last|first|final) words? (?:from|of|for|about|lately|since|came|any)\b",
        "a picture",
        "report, update",
    ),
    Phrase(r"\b(?:is|are|was|were) not taken\b", "what happens to it?", "is not supported, is not accepted"),
    Phrase(
        r"\bwhich is the most\b|\bthan may wait\b|\bas it takes\b",
        "wire text that nobody understood",
        "limit reached (…)",
    ),
    Phrase(
        r"\bthat no calendar has\b|\bis how one looks\b", "a riddle", "no such calendar date; use YYYY-MM-DD"
    ),
    Phrase(r"\bFor programs\.", "says who, not what", "Print JSON."),
    Phrase(
        r"\bSpeaks as\b|\bGoes after all\b|\bFirst heard of\b|>Read again<|^Read again$",
        "unclear to passengers",
        "Source name, Reinstated, First report, Reprocess",
    ),
    Phrase(r"\bNor could\b|\bNor can\b", "inverted", "Could not … either"),
    Phrase(
        r"\b(?:whoever|who) (?:asks|comes|stands|goes|hears|speaks|has more|is behind)\b",
        "a person without a role",
        "the client, the caller, the reader",
    ),
    Phrase(r"\bthis server goes\b|\bthe server goes\b(?! live)", "translated", "the server shuts down"),
    Phrase(r"\bat its end(?=[.,;)]|$)|\bat their end(?=[.,;)]|$)", "which end?", "when it ends, on shutdown"),
)
COMPILED = [(re.compile(phrase.pattern, re.MULTILINE), phrase) for phrase in PHRASES]

SCANNED = (
    "src/windsock",
    "docs",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
)
"""Where people read."""

SKIPPED = ("_build", "vendor", "data", "days", "migrations", "fonts")
"""Folders of files that are made by others, are data, or must stay as they are."""

MARKUP = (".html", ".txt", ".md")


class Found(NamedTuple):
    """A refused phrase and its place."""

    path: str
    line: int
    text: str
    phrase: Phrase


def files(*names: str) -> Iterator[Path]:
    """Yield the files below these names (all that are scanned, if none are given)."""
    for name in names or SCANNED:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.suffix in (".py", ".js", *MARKUP) and not set(SKIPPED) & set(
                file.relative_to(ROOT).parts
            ):
                yield file


def findings(path: Path, text: str | None = None) -> Iterator[Found]:
    """Yield what is refused in a file."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    for line, passage in passages(path, path.read_text("utf-8") if text is None else text):
        for pattern, phrase in COMPILED:
            for match in pattern.finditer(passage):
                yield Found(name, line + passage.count("\n", 0, match.start()), match[0], phrase)


def passages(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file that people read, each with the number of its first line."""
    if path.suffix == ".py":
        yield from _python(text)
    elif path.suffix == ".js":
        yield from _javascript(text)
    elif path.suffix == ".md":
        # Quoted sentences and code are examples, also of what not to write.
        yield (
            1,
            re.sub(
                r"^```.*?^```|`[^`\n]*`", lambda code: re.sub(r"[^\n]", "·", code[0]), text, flags=re.M | re.S
            ),
        )
    else:
        yield 1, text


def _python(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#: ")
    for node in ast.walk(ast.parse(text)):
        # A text of one word is a name or a key, on the wire too.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value


def _javascript(text: str) -> Iterator[tuple[int, str]]:
    pattern = r"/\*.*?\*/|(?<![:\"'`])//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"
    for match in re.finditer(pattern, text, flags=re.S):
        if " " in match[0].strip("/* \n"):
            yield (
                1 + text.count("\n", 0, match.start()),
                re.sub(r"^\s*(?:/\*\*?|\*/?|//)\s?", "", match[0], flags=re.M),
            )


def main(names: list[str]) -> int:
    """Print what is refused below these names; return 1 if there is anything."""
    found = [each for path in files(*names) for each in findings(path)]
    for each in found:
        text = " ".join(each.text.split())
        print(f"{each.path}:{each.line}: {text[:70]!r}: {each.phrase.why}; write: {each.phrase.instead}")
    print(f"{len(found)} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
