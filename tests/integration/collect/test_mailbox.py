"""Telexes by mail, from a small IMAP server: nothing lost, nothing marked before it is recorded, no server trusted."""

import re
import shlex
import shutil
import socketserver
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windsock.collect import mailbox
from windsock.collect.feed_duties import FeedRunner
from windsock.collect.mailbox import texts, visit
from windsock.collect.models import FeedInput, FeedState
from windsock.errors import ConfigError, FeedError, JournalUnavailable
from windsock.feeds.configuration import read
from windsock.feeds.mailaddress import MailAddress, mail_address
from windsock.flights import FlightKey
from windsock.ingest import pipeline

BEGIN = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
PASSWORD = 'se"same'
TELEX = "MVT\nWF588/04.LNWDE.BGO\nAD1233/1241 EA1350 ABZ\n"


@dataclass
class Letter:
    raw: bytes
    flags: set[str] = field(default_factory=set)
    folder: str = "INBOX"


class Server:
    """Enough of IMAP4rev1 to be read: letters by their number, and a misbehaviour to be had on order."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.letters: dict[int, Letter] = {}
        self.folders = ["INBOX"]
        self.commands: list[str] = []
        self.misbehaves = ""
        server = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 5.0

            def setup(self) -> None:
                if server.tls is not None:
                    self.request = server.tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                try:
                    self.say("* OK ready")
                    while line := self.rfile.readline():
                        tag, _, rest = line.decode().strip().partition(" ")
                        server.commands.append(rest)
                        if not server.answer(self, tag, rest):
                            return
                except (OSError, ValueError):
                    pass  # the client has gone

            def say(self, line: str, raw: bytes = b"") -> None:
                self.wfile.write(line.encode() + b"\r\n" + raw)

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that does not trust us hangs up in the handshake

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.port = self.server.server_address[1]

    def answer(self, to: Any, tag: str, rest: str) -> bool:
        words = shlex.split(rest.replace("\\Seen", "Seen")) if "LOGIN" not in rest else rest.split(" ", 2)
        command = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        said = "OK done"
        if command == "CAPABILITY":
            to.say("* CAPABILITY IMAP4rev1 MOVE")
        elif command == "LOGIN":
            if words[1:] != ['"ops@example.org"', '"se\\"same"']:
                said = f"NO wrong: {rest}"
        elif command == "SELECT":
            said = "OK [READ-WRITE] done" if words[1] in self.folders else "NO no such folder"
        elif command == "LIST":
            names = [""] if words[2] == "" else [name for name in self.folders if name == words[2]]
            for name in names:
                to.say(f'* LIST (\\Noselect) "/" "{name}"')
        elif command == "UID SEARCH":
            found = [
                n for n, one in self.letters.items() if "Seen" not in one.flags and one.folder == "INBOX"
            ]
            to.say("* SEARCH " + " ".join(map(str, found)))
        elif command == "UID FETCH":
            return self.fetch(to, tag, int(words[2]), rest)
        elif command == "UID STORE":
            self.letters[int(words[2])].flags.add("Seen")
        elif command == "UID MOVE":
            self.letters[int(words[2])].folder = words[3]
        elif command == "LOGOUT":
            to.say("* BYE")
        else:
            said = "BAD what?"
        to.say(f"{tag} {said}")
        return command != "LOGOUT"

    def fetch(self, to: Any, tag: str, number: int, rest: str) -> bool:
        raw = self.letters[number].raw
        if "RFC822.SIZE" in rest:
            size = 10 if self.misbehaves == "lies about the size" else len(raw)
            to.say(f"* {number} FETCH (UID {number} RFC822.SIZE {size})")
        elif self.misbehaves == "lies about the size":
            to.say(f"* {number} FETCH (UID {number} BODY[] {{{10**12}}}")
        elif self.misbehaves == "hangs up in the midst":
            to.say(f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}", raw[:20])
            return False
        elif self.misbehaves == "trickles":
            to.say(f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}")
            for at in range(len(raw)):
                to.wfile.write(raw[at : at + 1])
                threading.Event().wait(0.05)
        else:
            to.say(f"* {number} FETCH (UID {number} BODY[] {{{len(raw)}}}", raw + b")\r\n")
        to.say(f"{tag} OK done")
        return True

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def put(self, raw: bytes | EmailMessage) -> Letter:
        letter = Letter(raw if isinstance(raw, bytes) else raw.as_bytes())
        self.letters[len(self.letters) + 1] = letter
        return letter

    @property
    def address(self) -> MailAddress:
        return MailAddress(host="127.0.0.1", port=self.port, user="ops@example.org", tls=False)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def mail(text: str = TELEX, subject: str = "MVT") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.org", "ops@example.org"
    message.set_content(text)
    return message


class Taking:
    """Takes whatever has MVT in it."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def __call__(self, piece: bytes) -> bool:
        self.taken.append(piece)
        return b"MVT" in piece


class World:
    """A supervisor of one feed of telexes by mail, its clock set by hand."""

    def __init__(self, server: Server, folder: Path, **more: object) -> None:
        self.now = BEGIN
        (folder / "password").write_text(PASSWORD)
        feed = {
            "format": "mvt",
            "mailbox": f"imap://ops%40example.org@127.0.0.1:{server.port}/INBOX",
            "secret_file": str(folder / "password"),
            **more,
        }
        self.supervisor = FeedRunner(read({"telex": feed}), pipeline(), clock=lambda: self.now)

    def after(self, seconds: float) -> FeedState:
        self.now += timedelta(seconds=seconds)
        self.supervisor.tick()
        return FeedState.objects.get(name="telex")


def airborne() -> bool:
    found = pipeline().journal.flight(FlightKey("WF", 588, None, BEGIN.date(), "BGO"))
    return found is not None and found.flight.status == "airborne"


@pytest.mark.django_db(transaction=True)
def test_a_telex_by_mail_reaches_the_journal_and_is_marked_as_seen(server: Server, tmp_path: Path) -> None:
    letter = server.put(mail())
    world = World(server, tmp_path)
    world.after(0)
    assert airborne()
    assert letter.flags == {"Seen"}
    world.after(61)
    assert FeedInput.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_mailbox_is_read_once_a_minute(server: Server, tmp_path: Path) -> None:
    world = World(server, tmp_path)
    for _ in range(60):
        world.after(3)
    assert 2 <= server.commands.count("UID SEARCH UNSEEN") <= 4


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_away_is_noted_and_asked_again_later(server: Server, tmp_path: Path) -> None:
    server.put(mail())
    server.misbehaves = "hangs up in the midst"
    world = World(server, tmp_path)
    assert "cannot be read" in world.after(0).error
    assert not airborne()
    server.misbehaves = ""
    world.after(30)
    assert not airborne()
    assert world.after(60).error == ""
    assert airborne()


@pytest.mark.django_db(transaction=True)
def test_a_mailbox_without_a_password_is_a_failing_feed_and_nobody_is_asked(
    server: Server, tmp_path: Path
) -> None:
    feeds = read({"telex": {"format": "mvt", "mailbox": f"imap://ops@127.0.0.1:{server.port}/INBOX"}})
    FeedRunner(feeds, pipeline()).tick()
    state = FeedState.objects.get()
    assert "password of its mailbox" in state.error
    assert state.failures == 1
    assert server.commands == []


def test_a_message_is_marked_only_when_it_was_recorded(server: Server) -> None:
    letter = server.put(mail())

    def take(piece: bytes) -> bool:
        assert letter.flags == set()
        raise JournalUnavailable("The disk is full.")

    with pytest.raises(JournalUnavailable):
        visit(server.address, PASSWORD, take)
    assert letter.flags == set()


def test_messages_go_to_the_folders_done_and_failed_where_they_exist(server: Server) -> None:
    server.folders += ["INBOX/done", "INBOX/failed"]
    good, bad = server.put(mail()), server.put(mail("Lunch?"))
    found = visit(server.address, PASSWORD, Taking())
    assert (found.read, found.failed, found.more) == (2, 1, False)
    assert (good.folder, bad.folder) == ("INBOX/done", "INBOX/failed")
    assert good.flags == bad.flags == {"Seen"}


def test_messages_stay_where_they_are_where_there_are_no_such_folders(server: Server) -> None:
    good, bad = server.put(mail()), server.put(mail("Lunch?"))
    visit(server.address, PASSWORD, Taking())
    assert (good.folder, bad.folder) == ("INBOX", "INBOX")
    assert good.flags == bad.flags == {"Seen"}


def test_only_so_many_messages_are_taken_in_one_visit(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_MESSAGES", 3)
    for _ in range(5):
        server.put(mail())
    taking = Taking()
    first = visit(server.address, PASSWORD, taking)
    second = visit(server.address, PASSWORD, taking)
    assert (first.read, first.more, second.read, second.more) == (3, True, 2, False)
    assert len(taking.taken) == 5


def test_a_message_that_is_too_large_is_left_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_BYTES", 2000)
    large, small = server.put(mail(TELEX + "SI " + "X" * 60 + "\n" * 3000)), server.put(mail())
    taking = Taking()
    found = visit(server.address, PASSWORD, taking)
    assert (found.read, found.failed, len(taking.taken)) == (2, 1, 1)
    assert large.flags == small.flags == {"Seen"}


@pytest.mark.parametrize("misbehaves", ["lies about the size", "hangs up in the midst"])
def test_a_server_that_misbehaves_is_a_fault_of_the_feed_and_nothing_is_marked(
    server: Server, misbehaves: str
) -> None:
    letter = server.put(mail())
    server.misbehaves = misbehaves
    taking = Taking()
    with pytest.raises(FeedError, match="cannot be read"):
        visit(server.address, PASSWORD, taking)
    assert (taking.taken, letter.flags) == ([], set())


def test_a_server_that_trickles_does_not_hold_us_for_ever(server: Server) -> None:
    server.put(mail(TELEX + "SI LATE\n" * 200))
    server.misbehaves = "trickles"
    began = time.monotonic()
    with pytest.raises(FeedError, match="cannot be read"):
        visit(server.address, PASSWORD, Taking(), whole_seconds=0.2)
    assert time.monotonic() - began < 30  # of eighty


def test_a_wrong_password_is_said_without_it(server: Server) -> None:
    with pytest.raises(FeedError, match=r"refused the login of ops@example\.org") as caught:
        visit(server.address, "hunter2", Taking())
    assert "hunter2" not in str(caught.value)


def test_a_folder_that_there_is_not_is_said(server: Server) -> None:
    address = MailAddress(
        host="127.0.0.1", port=server.port, user="ops@example.org", folder="Telex", tls=False
    )
    with pytest.raises(FeedError, match="no folder 'Telex'"):
        visit(address, PASSWORD, Taking())


def test_a_server_that_does_not_speak_tls_is_not_given_the_password(server: Server) -> None:
    address = MailAddress(host="127.0.0.1", port=server.port, user="ops@example.org")
    with pytest.raises(FeedError, match="cannot be read"):
        visit(address, PASSWORD, Taking())
    assert not [command for command in server.commands if "LOGIN" in command]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path / "cert.pem"


@pytest.fixture
def secured(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    found = Server(context)
    yield found
    found.close()


def test_a_mailbox_is_read_by_tls(
    secured: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    letter = secured.put(mail())
    address = MailAddress(host="localhost", port=secured.port, user="ops@example.org")
    assert visit(address, PASSWORD, Taking()).read == 1
    assert letter.flags == {"Seen"}


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        pytest.param("localhost", False, id="signed by nobody we know"),
        pytest.param("127.0.0.1", True, id="of another host"),
    ],
)
def test_a_server_with_a_certificate_that_is_not_trusted_is_not_given_the_password(
    secured: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    address = MailAddress(host=host, port=secured.port, user="ops@example.org")
    with pytest.raises(FeedError, match="certificate is not trusted"):
        visit(address, PASSWORD, Taking())
    assert secured.commands == []


def test_a_tls_server_that_trickles_does_not_hold_us_for_ever(
    secured: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secured.put(mail(TELEX + "SI LATE\n" * 200))
    secured.misbehaves = "trickles"
    address = MailAddress(host="localhost", port=secured.port, user="ops@example.org")
    began = time.monotonic()
    with pytest.raises(FeedError, match="cannot be read"):
        visit(address, PASSWORD, Taking(), whole_seconds=0.3)
    assert time.monotonic() - began < 30  # of eighty


def test_texts_and_attachments_are_taken_and_pictures_and_html_are_not() -> None:
    message = mail("See attached: Zürich\n")
    message.add_alternative("<p>See attached</p>", subtype="html")
    message.add_attachment(TELEX.encode(), maintype="application", subtype="octet-stream", filename="one.mvt")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    assert list(texts(message.as_bytes())) == ["See attached: Zürich\n".encode(), TELEX.encode()]


@pytest.mark.parametrize(
    ("head", "body", "found"),
    [
        pytest.param("text/plain; charset=iso-8859-1", b"Z\xfcrich", "Zürich".encode(), id="Latin-1"),
        pytest.param("text/plain; charset=klingon", b"MVT", b"MVT", id="a charset that does not exist"),
        pytest.param(
            "text/plain; charset=us-ascii", b"MV\xffT", "MV\ufffdT".encode(), id="bytes that are none of it"
        ),
        pytest.param("nonsense", b"MVT", b"MVT", id="no type that is one"),
    ],
)
def test_a_text_is_decoded_by_what_it_says_it_is(head: str, body: bytes, found: bytes) -> None:
    raw = (
        b"Subject: x\r\nContent-Type: "
        + head.encode()
        + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + body
    )
    assert [piece.strip() for piece in texts(raw)] == [found]


@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 2_000),
)
@settings(max_examples=300, deadline=None)
def test_a_damaged_mail_never_fails_and_ends(changes: list[tuple[int, int]], cut: int) -> None:
    message = mail("Zürich\n")
    message.add_attachment(TELEX.encode(), maintype="application", subtype="octet-stream", filename="ü.mvt")
    raw = bytearray(message.as_bytes())
    for place, value in changes:
        raw[place % len(raw)] = value
    assert all(isinstance(piece, bytes) for piece in texts(bytes(raw[: max(cut, 1)])))


def test_a_damaged_part_leaves_the_others_whole() -> None:
    damaged = b"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename*=a'b\r\n\r\nx\r\n"
    raw = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        + damaged
        + b"--b\r\n\r\nMVT\r\n--b--\r\n"
    )
    assert b"MVT" in [piece.strip() for piece in texts(raw)]


def test_a_mail_of_a_thousand_parts_is_read_to_a_bound() -> None:
    message = mail()
    for number in range(1000):
        message.add_attachment(b"x", maintype="application", subtype="x", filename=f"{number}")
    assert len(list(texts(message.as_bytes()))) == mailbox.MAX_PARTS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("imap://ops@mail.example.org/INBOX", "this machine only"),
        ("imaps://ops:hunter2@mail.example.org/INBOX", "holds a password"),
        ("imaps://mail.example.org/INBOX", "names no user"),
        ("imaps://ops@/INBOX", "names no host"),
        ("https://ops@mail.example.org/INBOX", "has the scheme 'https'"),
        ("imaps://ops@mail.example.org:99999/INBOX", "is not an address"),
        ("imaps://ops%0d%0aX@mail.example.org/INBOX", "has a user with characters"),
        ("imaps://ops@mail.example.org/Entw%C3%BCrfe", "has a folder with characters"),
        ("imaps://ops@mail.example.org/INBOX#1", "after the folder"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_cure(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        read({"telex": {"format": "mvt", "mailbox": text}})
    assert "imaps://user@host/INBOX" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_address_gives_its_parts() -> None:
    address = mail_address("imaps://ops%40example.org@mail.example.org/INBOX/Telex", feed="telex")
    assert (address.host, address.port, address.tls) == ("mail.example.org", 993, True)
    assert (address.user, address.folder) == ("ops@example.org", "INBOX/Telex")
