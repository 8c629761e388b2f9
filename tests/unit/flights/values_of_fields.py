"""Values of every field, by what the table says it holds: for the laws over all fields and for Hypothesis."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from windsock.flights import ArrivalReport, DepartureReport, Reason, Report, RunwayReport
from windsock.flights.fields import MILESTONES, SIDES, TABLE, Field, Value

START = datetime(2015, 1, 2, 13, 0, tzinfo=UTC)

SENT: dict[Value, tuple[object, object]] = {
    "time": ("2015-01-02T14:10:00Z", "2015-01-02T14:25:00Z"),
    "text": ("A12", "B7"),
    "minutes": (25, 40),
    "overdue": (25, 40),
    "truth": (True, False),
    "airport": ("MCO", "TPA"),
    "registration": ("N910DE", "N911DE"),
    "designators": (["AF3635"], ["AF3635", "KL6012"]),
    "reasons": ([{"scheme": "ahm730", "code": "93", "minutes": 25}], [{"scheme": "text", "code": "snow"}]),
    "flight": ("DL1865.2015-01-02.BHM", "DL1865.2015-01-02.TPA"),
    "milestone": ("out", "landed"),
    "source": ("airline", "airport"),
}
"""Two values of each sort, as they come in JSON."""

# Few values on purpose: what matters is how they meet, agree, contradict and tie.
moments = st.integers(0, 40).map(lambda n: START + timedelta(minutes=7 * n))
STRATEGIES: dict[Value, st.SearchStrategy[Any]] = {
    "time": st.one_of(st.none(), moments),
    "text": st.sampled_from([None, "A", "B12"]),
    "minutes": st.sampled_from([None, -20, 0, 14, 15, 40]),
    "overdue": st.integers(0, 400),
    "truth": st.sampled_from([None, True, False]),
    "airport": st.sampled_from([None, "MCO", "TPA", "BHM"]),
    "registration": st.sampled_from([None, "A", "B12"]),
    "designators": st.sampled_from([None, (), ("AF3635", "KL6012")]),
    "reasons": st.sampled_from(
        [None, (), (Reason("ahm730", "93", minutes=34),), (Reason("text", "snow", "snow"),)]
    ),
    "flight": st.sampled_from([None, "DL1865.2015-01-02.BHM"]),
    "milestone": st.sampled_from([None, *MILESTONES]),
    "source": st.sampled_from([None, "airline", "airport"]),
}
_PART_STRUCTS = {
    "departure": DepartureReport,
    "takeoff": RunwayReport,
    "landing": RunwayReport,
    "arrival": ArrivalReport,
}


def sent(field: Field, value: object) -> dict[str, object]:
    """A report, as it comes in JSON, that says this of DL1865 and nothing else."""
    said: object = {field.name: value} if field.part else value
    return {"flight": "DL1865", "date": "2015-01-02", "origin": "ATL", field.part or field.path: said}


def sometimes(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(msgspec.UNSET), st.just(msgspec.UNSET), values)


def reports(
    sources: st.SearchStrategy[str], observed: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Report]:
    """Reports of DL1865 that speak of any of the fields that a source may speak of."""
    return st.builds(
        Report,
        flight=st.just("DL1865"),
        source=sources,
        observed_at=observed,
        **{
            part: sometimes(
                st.builds(
                    _PART_STRUCTS[part],
                    **{
                        field.name: sometimes(STRATEGIES[field.value])
                        for field in TABLE
                        if field.part == part
                    },
                )
            )
            for part in SIDES
        },
        **{
            field.path: sometimes(STRATEGIES[field.value])
            for field in TABLE
            if not field.part and not field.own
        },
    )
