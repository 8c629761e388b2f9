"""Prints how fast on-time files are read and cut into reports.

Run: python bench/feeds.py [FILE …]     (default: the two shipped days)
"""

import sys
import time
from pathlib import Path

from windsock.feeds.base import Row
from windsock.feeds.bts import read
from windsock.feeds.days import DAYS
from windsock.feeds.script import script


def main() -> None:
    for path in [Path(name) for name in sys.argv[1:]] or [day.path for day in DAYS.values()]:
        begun = time.perf_counter()
        found = list(read(path))
        rows = [row for row in found if isinstance(row, Row)]
        reading = time.perf_counter() - begun
        begun = time.perf_counter()
        tells = script(rows)
        cutting = time.perf_counter() - begun
        print(
            f"{path.name}: {len(found):,} lines in {reading:.2f} s ({len(found) / reading:,.0f}/s), "
            f"{len(found) - len(rows)} wrong; {len(tells):,} reports cut in {cutting:.2f} s "
            f"({len(tells) / cutting:,.0f}/s)"
        )


if __name__ == "__main__":
    main()
