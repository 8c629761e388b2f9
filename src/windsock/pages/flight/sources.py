"""Sources of reports as people know them."""

OWN = {
    "windsock.overdue": "Windsock (the time passed without an update)",
    "windsock.feeds": "Windsock (watching its sources)",
}


def source_name(source: str) -> str:
    """Return a source's name; Windsock's own watches say what they watch."""
    return OWN.get(source, source)
