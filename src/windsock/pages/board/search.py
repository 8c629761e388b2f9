"""What the search box of a board finds."""

from windsock.journal.flight_query import canonical_text
from windsock.wording.board import BoardRow


def matching(row: BoardRow, text: str) -> bool:
    """Return whether the search box finds the row."""
    words = " ".join(
        (row.flight.replace(" ", ""), row.flight, row.also, row.also.replace(" ", ""), row.place, row.code, row.airline)
    )  # fmt: skip
    return text.strip().lower() in words.lower() or canonical_text(text) in words.split()
