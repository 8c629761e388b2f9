"""Each provider that is asked, played by a local server that has every fault: nothing lost or doubled, no rule broken.

`test_supervisor.py` says how one feed goes on afterwards, field by field; here all of them meet the same.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.collect.provider import Answer, Provider
from tests.unit.feeds import inputs
from windsock.collect import http as fetching
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.models import FeedState
from windsock.feeds.configuration import read
from windsock.feeds.polling import Poller
from windsock.feeds.registry import FORMATS
from windsock.ingest import pipeline

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Asked:
    """A provider: its format, what is configured, a good answer, and the moment it is from."""

    format: str
    good: bytes
    now: datetime
    options: dict[str, Any] = field(default_factory=dict)


# Every format that is polled, by the registry: a new one is tried here as soon as it has input, which it must have.
NOT_HERE = {"generic"}  # its mapping alone says what a wrong answer is: nearly any JSON is a record
POLLED = sorted(
    name for name, form in FORMATS.items() if form.hooks.poller is not None and name not in NOT_HERE
)
GIVEN = {given.format: given for given in inputs.of_every_format()}
GOOD = {name: GIVEN[name].once or GIVEN[name].bodies[0] for name in POLLED}
ALL = [Asked(name, GOOD[name], GIVEN[name].now, dict(GIVEN[name].options)) for name in POLLED]

WRONG = [
    pytest.param(lambda good: Answer(500), id="an error of the server's"),
    pytest.param(lambda good: Answer(body=good, cut=True), id="a body that is cut off"),
    pytest.param(lambda good: Answer(body=good[: len(good) // 2]), id="half a document"),
    pytest.param(lambda good: Answer(body=good, pause=0.1), id="a body that drips"),
    pytest.param(
        lambda good: Answer(body=b"<html><h1>Maintenance</h1></html>", headers={"Content-Type": "text/html"}),
        id="a page instead of data",
    ),
    pytest.param(
        lambda good: Answer(
            body=b'{"results": {"version": 9}}' if good[:1] in b"[{" else b"<new><shape/></new>"
        ),
        id="another schema",
    ),
]


class World:
    """A supervisor of one feed that would ask every second if it were let, its clock set by hand."""

    def __init__(self, asked: Asked, provider: Provider, folder: Path) -> None:
        self.now, self.provider = asked.now, provider
        secret = folder / "secret"
        secret.write_text("id:k3y-of-ours")
        made = FORMATS[asked.format].hooks.poller
        assert made is not None
        self.poller: type[Poller] = made
        given = {"format": asked.format, "url": provider.url, "interval_seconds": 1, **asked.options}
        if self.poller.needs_secret:
            given["secret_file"] = str(secret)
        self.supervisor = FeedRunner(read({"feed": given}), pipeline(), clock=lambda: self.now)
        self.polls = 0

    def after(self, seconds: float) -> FeedState:
        self.now += timedelta(seconds=seconds)
        before = len(self.provider.asked)
        self.supervisor.tick()
        self.polls += len(self.provider.asked) > before
        return FeedState.objects.get(name="feed")

    def until_asked(self) -> FeedState:
        """Goes on until the provider has been asked once more."""
        polls, state = self.polls, None
        for _ in range(240):
            state = self.after(30)
            if self.polls > polls:
                return state
        raise AssertionError("the provider was not asked again within two hours")

    @property
    def events(self) -> int:
        return pipeline().journal.head().offset


@pytest.fixture(params=ALL, ids=[one.format for one in ALL])
def asked(request: pytest.FixtureRequest) -> Asked:
    found: Asked = request.param
    return found


@pytest.mark.parametrize("wrong", WRONG)
def test_after_a_bad_answer_all_is_there_once(
    asked: Asked, wrong: Any, provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.3)
    provider.answers = [wrong(asked.good)]
    world = World(asked, provider, tmp_path)
    state = world.after(0)
    assert state.failures == 1
    assert state.error != ""
    assert "k3y" not in state.error
    assert world.events == 0

    monkeypatch.setattr(
        fetching, "WHOLE_SECONDS", 60.0
    )  # a good answer may take its time on a loaded machine
    provider.answers = [Answer(body=asked.good)]
    state = world.until_asked()
    assert (state.failures, state.error) == (0, "")
    told = world.events
    assert told > 0
    world.until_asked()
    assert world.events == told  # said again, it is no news


def test_who_says_too_many_requests_is_left_alone_as_long_as_it_asks(
    asked: Asked, provider: Provider, tmp_path: Path
) -> None:
    provider.answers = [Answer(429, headers={"Retry-After": "1200"})]
    world = World(asked, provider, tmp_path)
    assert "429" in world.after(0).error
    requests = len(provider.asked)
    for _ in range(39):
        world.after(30)
    assert len(provider.asked) == requests == 1
    provider.answers = [Answer(body=asked.good)]
    assert world.until_asked().error == ""
    assert world.events > 0


def test_what_has_not_changed_is_not_sent_again(asked: Asked, provider: Provider, tmp_path: Path) -> None:
    provider.answers = [Answer(body=asked.good, headers={"ETag": '"one"'})]
    world = World(asked, provider, tmp_path)
    world.after(0)
    told, first = world.events, len(provider.asked)
    assert told > 0
    marked = world.poller.conditional and (first == 1 or not provider.asked[0][0])
    provider.answers = [Answer(304)] if marked else [Answer(body=asked.good)]
    state = world.until_asked()
    assert (state.failures, state.error, world.events) == (0, "", told)
    marks = {headers.get("if-none-match") for _, headers in provider.asked[first:]}
    assert marks == ({'"one"'} if marked else {None})


def test_it_is_not_asked_more_often_than_its_etiquette_allows(
    asked: Asked, provider: Provider, tmp_path: Path
) -> None:
    provider.answers = [Answer(body=asked.good)]
    world = World(asked, provider, tmp_path)
    world.after(0)
    for _ in range(120):
        world.after(30)
    assert 2 <= world.polls <= 3600 / world.poller.every + 1
    agents = {headers["user-agent"] for _, headers in provider.asked}
    assert len(agents) == 1
    assert agents.pop().startswith("windsock/")
