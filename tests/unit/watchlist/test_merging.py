"""Lists of watched flights: however browsers and the account exchange them, all end with the same one, without loss."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from windsock.watchlist.merging import KEEP_REMOVED, MAX_ENTRIES, MAX_WATCHED, Entry, merged, within_limits

NOW = datetime(2015, 1, 2, 12, tzinfo=UTC)

entries = st.lists(
    st.builds(
        Entry,
        flight=st.sampled_from([f"DL{number}.2015-01-02.ATL" for number in range(1, 5)]),
        since=st.integers(0, 3).map(lambda minute: NOW + timedelta(minutes=minute)),
        removed=st.booleans(),
    ),
    max_size=6,
)


@given(entries, entries, entries)
def test_a_merge_is_a_semilattice(one: list[Entry], other: list[Entry], third: list[Entry]) -> None:
    assert merged(one, other) == merged(other, one)
    assert merged(merged(one, other).values(), third) == merged(one, merged(other, third).values())
    assert merged(merged(one).values(), one) == merged(one)


@given(entries, entries)
def test_what_was_added_last_is_never_lost(one: list[Entry], other: list[Entry]) -> None:
    found = merged(one, other)
    for entry in (*one, *other):
        rivals = [each for each in (*one, *other) if each.flight == entry.flight]
        if not entry.removed and entry.since == max(each.since for each in rivals):
            assert not found[entry.flight].removed


def test_a_removed_flight_is_not_brought_back_by_a_browser_that_still_has_it() -> None:
    added = Entry(flight="DL1.2015-01-02.ATL", since=NOW)
    removed = Entry(flight=added.flight, since=NOW + timedelta(hours=1), removed=True)

    assert merged([removed], [added]) == {added.flight: removed}


def test_the_newest_flights_are_kept_and_removals_are_forgotten_after_a_while() -> None:
    watched = [Entry(flight=f"DL{n}.2015-01-02.ATL", since=NOW - timedelta(minutes=n)) for n in range(1, 80)]
    old = Entry(flight="AA1.2014-01-02.JFK", since=NOW - KEEP_REMOVED, removed=True)
    fresh = Entry(flight="AA2.2014-01-02.JFK", since=NOW - KEEP_REMOVED / 2, removed=True)

    kept = within_limits([old, fresh, *reversed(watched)], NOW)

    assert kept == [*watched[:MAX_WATCHED], fresh]
    assert len(kept) <= MAX_ENTRIES
