"""A reader that stops reading, over a real server and real sockets: it costs nobody anything and ends up right."""

import json
from pathlib import Path

from tests.integration.live.servers import Project, sqlite, until

IN_MEMORY = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
PUBLISH = """
from windsock.ingest import record
from datetime import UTC, datetime, timedelta
start = datetime(2015, 1, 2, 6, tzinfo=UTC)
for round in range({rounds}):
    record([{{"flight": f"DL{{n}}", "date": "2015-01-02", "origin": "ATL",
              "destination": "MCO", "observed_at": (start + timedelta(seconds=round)).isoformat(),
              "departure": {{"scheduled": "2015-01-02T13:55:00Z", "gate": f"A{{round}}"}}}}
            for n in range(1, {flights} + 1)],
           source="test", received_at=start + timedelta(seconds=round))
"""


def test_a_frozen_reader_costs_nobody_anything_and_ends_with_the_newest_states(tmp_path: Path) -> None:
    flights, rounds = 100, 60
    project = Project(tmp_path, sqlite(tmp_path / "journal.sqlite3"), IN_MEMORY)
    with project.server() as server, server.connect() as reader, server.connect() as frozen:
        for client in (reader, frozen):
            client.send(json.dumps({"type": "subscribe", "id": "1", "topics": ["all"]}))
            until(client, "snapshot")
        # The library stops reading after 16 messages that nobody receives: the sockets fill, the server must hold back.
        project.python(PUBLISH.format(rounds=rounds, flights=flights))
        total = flights * rounds
        seen = [until(reader, "event") for _ in range(total)]
        offsets = [int(event["position"].rpartition(":")[2]) for event in seen]
        assert offsets == sorted(set(offsets))
        truth = {event["flight"]["id"]: event["flight"] for event in seen}
        frozen.send(json.dumps({"type": "ping", "id": "end"}))
        board, position, events = {}, 0, 0
        while True:
            message = json.loads(frozen.recv(timeout=90))
            if message["type"] == "event":
                offset = int(message["position"].rpartition(":")[2])
                assert offset > position
                position, events = offset, events + 1
                board[message["flight"]["id"]] = message["flight"]
            elif message["type"] == "snapshot":
                board.update({flight["id"]: flight for flight in message["flights"]})
            elif message["type"] == "pong":
                break
        while board != truth:
            message = json.loads(frozen.recv(timeout=90))
            if message["type"] == "event":
                events += 1
                board[message["flight"]["id"]] = message["flight"]
            elif message["type"] == "snapshot":
                board.update({flight["id"]: flight for flight in message["flights"]})
        assert board == truth
        assert not server.log.read_text(), server.log.read_text()
