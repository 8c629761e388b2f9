"""The Python client holds every conversation that concerns clients."""

import json
from typing import Any

import msgspec
import pytest

from tests.contract import conversation
from windsock.flights import Flight
from windsock.flights.programmes import Standing
from windsock.protocol import client_outputs as out
from windsock.protocol.backoff import BackOff
from windsock.protocol.client_session import ClientSession


class Replayer:
    """A client session on one side, the file on the other."""

    def __init__(self, talk: dict[str, Any]) -> None:
        client = talk["given"].get("client", {})
        self.time = 1000.0
        self.session = ClientSession(
            client.get("topics", ()),
            after=client.get("after"),
            board=[msgspec.convert(flight, Flight) for flight in client.get("board", ())],
            programmes=[msgspec.convert(one, Standing) for one in client.get("programmes", ())],
            now=lambda: self.time,
            backoff=BackOff(random=lambda: 0.5),
        )
        self.wanted: dict[int, out.Open] = {}
        self.frames: dict[int, list[dict[str, Any]]] = {}
        self.shut: dict[int, int] = {}
        self.newest = 0
        self.events: list[str] = []
        self.errors: list[str] = []
        self.notices: list[Any] = []
        self.answer: str | None = None
        self.stopped: int | None = None
        self.session.start()
        self.drain()

    def drain(self) -> None:
        for output in self.session.outputs():
            match output:
                case out.Open(connection):
                    self.wanted[connection] = output
                case out.Send(connection, frame):
                    self.frames.setdefault(connection, []).append(json.loads(frame))
                case out.Shut(connection, code):
                    self.shut[connection] = code
                case out.Happened(event) | out.ProgrammesChanged(event):
                    self.events.append(event.position)
                case out.Problem(error):
                    self.errors.append(error.code)
                case out.Noticed(data):
                    self.notices.append(data)
                case out.Answered(_, answer):
                    self.answer = answer.code if hasattr(answer, "code") else "recorded"
                case out.Stopped(code):
                    self.stopped = code
                case out.RenewRight():
                    self.session.renewed("fresh-ticket")
        if self.session._outputs:
            self.drain()

    def step(self, step: dict[str, Any]) -> None:
        on = step.get("on", self.newest)
        match step:
            case {"opens": number}:
                assert number in self.wanted, f"the client did not ask for connection {number}"
                self.time += self.wanted.pop(number).delay
                self.newest = number
                self.session.opened(number)
            case {"client": frame}:
                sent = self.frames.get(on, [])
                assert sent, f"the client sent nothing on connection {on}; expected {frame}"
                assert list(conversation.differences(frame, sent.pop(0))) == []
            case {"server": frame}:
                self.session.received(on, json.dumps(conversation.sendable(frame)))
            case {"server_raw": text}:
                self.session.received(on, text)
            case {"server_closes": code}:
                self.session.lost(on, code, step.get("reason", ""))
            case {"client_closes": code}:
                assert self.shut.pop(on, None) == code
            case {"refused": status}:
                number = step.get("on", max(self.wanted))
                self.time += self.wanted.pop(number).delay
                self.session.refused(number, status, retry_after=step.get("retry_after", 0.0))
            case {"silent": True}:
                assert self.frames.get(on, []) == []
            case {"do": {"subscribe": topics}}:
                self.session.subscribe(topics)
            case {"do": {"unsubscribe": topics}}:
                self.session.unsubscribe(topics)
            case {"do": {"report": report}}:
                self.session.report(report)
            case {"do": {"close": True}}:
                self.session.close()
            case {"wait": seconds}:
                self.time += seconds
                self.session.tick()
            case {"expect": expected}:
                self.expect(expected)
            case (
                {"happens": _}
                | {"heartbeat": _}
                | {"notice": _}
                | {"drains": _}
                | {"expires_in": _}
                | {"trims": _}
            ):
                pass
            case _:
                raise AssertionError(f"no such step: {step}")
        self.drain()

    def expect(self, expected: dict[str, Any]) -> None:
        real: dict[str, Any] = {}
        programmes = self.session.programmes
        for key in expected:
            match key:
                case "state":
                    real[key] = str(self.session.state)
                case "board":
                    real[key] = {id: flight.version for id, flight in self.session.board.items()}
                case "programmes":
                    real[key] = {
                        code: [one.kind for one in held.programmes] for code, held in programmes.items()
                    }
                case "position":
                    real[key] = self.session.position
                case "events":
                    real[key], self.events = self.events, []
                case "errors":
                    real[key], self.errors = self.errors, []
                case "notices":
                    real[key], self.notices = self.notices, []
                case "answer":
                    real[key], self.answer = self.answer, None
                case "stopped":
                    real[key] = self.stopped
                    assert self.wanted == {}
                case "reconnects_within":
                    low, high = expected[key]
                    delay = self.wanted[max(self.wanted)].delay
                    assert low <= delay <= high, f"reconnects in {delay} s, not within {low}-{high} s"
                    real[key] = expected[key]
                case _:
                    raise AssertionError(f"no such expectation: {key}")
        assert real == expected


@pytest.mark.parametrize("name", conversation.names("client"))
def test_the_python_client_holds_the_conversation(name: str) -> None:
    talk = conversation.read(name)
    replayer = Replayer(talk)
    for number, step in enumerate(talk["steps"], 1):
        try:
            replayer.step(step)
        except AssertionError as error:
            raise AssertionError(f"{name}, step {number} {json.dumps(step)[:120]}: {error}") from error


@pytest.mark.parametrize("name", sorted({*conversation.names("client"), *conversation.names("server")}))
def test_a_conversation_is_named_like_its_file_and_told(name: str) -> None:
    talk = conversation.read(name)

    assert talk["name"] == name
    assert len(talk["description"]) > 20
    assert talk["steps"]
