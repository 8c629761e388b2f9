"""Good input for every format, for what is asked of all of them: laws, damaged input, providers that are polled.

The laws, the polled providers, the fuzzer and the bench read this list; a registered format without an entry makes each
of them fail.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.unit.feeds import (
    test_aeroapi as api,
)
from tests.unit.feeds import (
    test_aerodatabox as box,
)
from tests.unit.feeds import (
    test_aidx,
    test_avinor,
    test_faa,
    test_finavia,
    test_hongkong,
    test_mvt,
    test_schiphol,
    test_ssim,
    test_ssm,
    test_swedavia,
)
from tests.unit.feeds import (
    test_aviationstack as stack,
)
from tests.unit.feeds import (
    test_flightstats as stats,
)
from tests.unit.feeds.generic import test_generic
from windsock.feeds.parsing import Parsed
from windsock.feeds.registry import FORMATS


@dataclass(frozen=True)
class Input:
    """Bodies that a format reads without a fault at `now`, set up with `options` by an operator.

    `once` is one that speaks once of each flight, where the first body contradicts itself: said again, it is no news.
    """

    format: str
    now: datetime
    bodies: tuple[bytes, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    once: bytes | None = None

    def __str__(self) -> str:
        return self.name or self.format

    def read(self, data: bytes) -> Parsed:
        """What the format's parser makes of `data`."""
        return FORMATS[self.format].parser("test", self.options)(data, self.now)


def encoded(*bodies: object) -> tuple[bytes, ...]:
    return tuple(body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies)


def mapped(form: str) -> str:
    """A mapping file for the generic feed's input of this form."""
    return (
        f'format = "{form}"\n[flight]\ndesignator = "f"\n[columns]\no = "origin"\nd = "destination"\n'
        'std = "departure.scheduled"\n'
    )


ALL: tuple[Input, ...] = (
    Input("mvt", test_mvt.NOW, (test_mvt.MAILBOX,)),
    Input("aidx", test_aidx.RECEIVED, (test_aidx.FULL,)),
    Input("avinor", test_avinor.NOW, (test_avinor.GOOD,), {"airport": "BGO"}),
    Input("finavia", test_finavia.NOW, (test_finavia.GOOD,)),
    Input("ssim", test_ssim.RECEIVED, (test_ssim.GOOD,)),
    Input("ssm", test_ssm.RECEIVED, (test_ssm.GOOD, test_ssm.NEW.encode())),
    Input(
        "hongkong",
        test_hongkong.NOW,
        (test_hongkong.GOOD,),
        once=test_hongkong.departures(test_hongkong.flight(status="Est at 02:40")),
    ),
    Input("schiphol", test_schiphol.NOW, (test_schiphol.GOOD,)),
    Input("swedavia", test_swedavia.NOW, (test_swedavia.GOOD,), {"airport": "ARN"}),
    Input(
        "aeroapi",
        api.NOW,
        encoded(api.poll(api.flight(), api.flight(diverted=True)), api.push()),
        {"flights": ["HA21"]},
        once=encoded(api.poll(api.flight()))[0],
    ),
    Input(
        "aerodatabox",
        box.NOW,
        encoded([box.flight()], box.notice(box.flight()), [box.old()]),
        {"flights": ["LH400"]},
    ),
    Input("aviationstack", stack.NOW, encoded(stack.body(stack.flight())), {"flights": ["NZ5"]}),
    Input(
        "flightstats", stats.NOW, encoded(stats.poll(stats.flight()), stats.push()), {"flights": ["BA202"]}
    ),
    Input("faa", test_faa.NOW, (test_faa.EVERYTHING,)),
    *(
        Input("generic", test_generic.NOW, (data,), {"mapping": mapped(form)}, name=f"generic-{form}")
        for form, (data, _) in test_generic.GOOD.items()
    ),
)


def of_every_format() -> tuple[Input, ...]:
    """Return all inputs, for tools that must leave out no format; raise LookupError if a registered one has none."""
    if missing := FORMATS.keys() - {given.format for given in ALL}:
        raise LookupError(
            f"No input for the registered format {', '.join(sorted(missing))}: "
            "add an Input to tests/unit/feeds/inputs.py."
        )
    return ALL


def bodies() -> Iterator[tuple[Input, bytes]]:
    """Each body with its input."""
    return ((given, data) for given in ALL for data in given.bodies)
