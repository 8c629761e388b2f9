"""What is not documented fails: settings, commands, messages, topics, changes, codes, endpoints, and every link.

And the other way round: what the reference documents must exist.
"""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import msgspec
import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def _page(name: str) -> str:
    return (REFERENCE / name).read_text()


def _headings(page: str, level: int) -> set[str]:
    """The code-styled headings of a page: ### `subscribe` gives "subscribe"."""
    return set(re.findall(rf"^{'#' * level} `([^`]+)`", page, flags=re.MULTILINE))


def _section(page: str, heading: str) -> str:
    """The text below one code-styled heading, up to the next heading of the same or a higher level."""
    found = re.search(
        rf"^(#+) `{re.escape(heading)}`.*?\n(.*?)(?=^#{{1,2}} |^\1 |\Z)", page, flags=re.MULTILINE | re.DOTALL
    )
    return found.group(2) if found else ""


def _first_cells(text: str) -> set[str]:
    """The code-styled first cells of all tables in a text."""
    return set(re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE))


def _part(page: str, title: str) -> str:
    """The text below a second-level heading with this title."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, flags=re.MULTILINE | re.DOTALL)
    assert found, f"the page has no part '{title}'"
    return found.group(1)


def test_the_page_of_settings_has_the_table_of_conf() -> None:
    """On failure: python tools/settings_page.py"""
    from tools.settings_page import table

    assert table() in _page("settings.md")
    assert "`MAX_TOPICS` | `200` | topics | " in table()


def test_every_setting_has_a_unit_and_help() -> None:
    from windsock.conf import SETTINGS, Config

    assert {setting.name for setting in SETTINGS.values()} == {field.name for field in fields(Config)}
    for setting in SETTINGS.values():
        assert setting.unit, setting.key
        assert setting.help.endswith(".") and len(setting.help) >= 20, setting.key


def test_every_environment_variable_of_the_service_is_documented_and_no_other() -> None:
    package = ROOT / "src" / "windsock"
    sources = [*package.joinpath("service").glob("*.py"), *package.joinpath("cli").glob("*.py")]
    text = "\n".join(source.read_text() for source in sources)
    read = re.findall(r"""env\.\w+\(\s*"([A-Z_]+)\"""", text)
    read += re.findall(r"""os\.environ(?:\.get\(|\.setdefault\(|\[)\s*"([A-Z_]+)\"""", text)
    read += re.findall(r"""\b(?:switch|value)\(\s*"([A-Z_]+)\"""", text)
    read += re.findall(r"""envvar="([A-Z_]+)\"""", text)
    ours = set(read) - {"XDG_DATA_HOME", "DJANGO_SETTINGS_MODULE"}
    documented = _first_cells(_part(_page("settings.md"), "Environment of the service"))
    assert documented == ours


def test_every_setting_can_be_given_by_the_environment_as_documented() -> None:
    from windsock.conf import Config, load
    from windsock.errors import ConfigError
    from windsock.service.environment import windsock_settings

    page = _part(_page("settings.md"), "Environment of the service")
    assert "`WINDSOCK_MAX_CONNECTIONS_PER_USER=500`" in page
    spelled = {
        "bool": "1",
        "int": "8",
        "str": "other",
        "tuple": "https://a.org, https://b.org",
        "dict": '{"x": 1}',
    }
    defaults = Config()
    for field in fields(Config):
        value = getattr(defaults, field.name)
        text = "0" if value is True else spelled[type(value).__name__]
        given = windsock_settings({f"WINDSOCK_{field.name.upper()}": text, "WINDSOCK_DATA": "/tmp"})
        assert getattr(load(given), field.name) != value, field.name
    for wrong in ({"WINDSOCK_RING_EVENTS": "many"}, {"WINDSOCK_PUBLIC_READ": "perhaps"}):
        with pytest.raises(ConfigError, match="is needed"):
            windsock_settings(wrong)


def test_every_command_and_option_is_documented_and_no_other() -> None:
    import typer

    from windsock.cli.main import app

    page = _page("cli.md")
    commands = dict(_commands(typer.main.get_command(app), "windsock"))
    assert _headings(page, 2) == set(commands)
    for name, command in commands.items():
        section = _section(page, name)
        for parameter in command.params:
            if parameter.name == "help" or getattr(parameter, "hidden", False):
                continue
            spelled = [option for option in parameter.opts if option.startswith("--")]
            word = spelled[0] if spelled else (parameter.metavar or parameter.name or "").upper()
            assert f"`{word}" in section, f"{name}: {word} is not documented"


def _commands(group, path: str):  # type: ignore[no-untyped-def]
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if getattr(command, "commands", None):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _wire_fields(message: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(message)]


def test_every_message_is_documented_with_its_fields_and_no_other() -> None:
    from windsock.protocol.messages import CLIENT_MESSAGES, SERVER_MESSAGES

    page = _page("protocol.md")
    tags = {message.__struct_config__.tag: message for message in (*CLIENT_MESSAGES, *SERVER_MESSAGES)}
    assert _headings(page, 3) == set(tags)
    for tag, message in tags.items():
        assert _first_cells(_section(page, str(tag))) == set(_wire_fields(message)), tag


def test_every_close_code_is_documented_and_no_other() -> None:
    from windsock.protocol.codes import CloseCode

    assert _first_cells(_part(_page("protocol.md"), "Close codes")) == {str(int(code)) for code in CloseCode}


def test_every_error_code_of_the_socket_is_documented() -> None:
    from windsock.protocol.codes import ErrorCode

    assert {str(code) for code in ErrorCode} <= _first_cells(_part(_page("protocol.md"), "Error codes"))


def test_every_form_of_topic_is_documented_and_no_other() -> None:
    from windsock.protocol.topics import FORMS

    assert _first_cells(_part(_page("protocol.md"), "Topics")) == set(FORMS.values())


def test_every_kind_of_change_is_documented_and_no_other() -> None:
    from windsock.flights import Kind

    assert _first_cells(_page("changes.md")) == set(get_args(Kind))


def test_every_field_and_change_of_programmes_is_documented_and_no_other() -> None:
    from windsock.flights.programmes import Programme, ProgrammeChangeKind, Standing

    page = _page("programmes.md")
    rows = re.findall(r"^\| (`[^|]+) \|", _part(page, "A programme"), flags=re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(_wire_fields(Programme))
    assert _first_cells(_part(page, "A standing")) == set(_wire_fields(Standing))
    assert _first_cells(_part(page, "Kinds of change")) == set(get_args(ProgrammeChangeKind))


def test_every_field_of_a_flight_is_documented_and_no_other() -> None:
    from windsock.flights import Arrival, Departure, Flight, Runway

    names = set(_wire_fields(Flight)) - {"departure", "takeoff", "landing", "arrival"}
    names |= {f"{part}.{name}" for part in ("takeoff", "landing") for name in _wire_fields(Runway)}
    names |= {f"departure.{name}" for name in _wire_fields(Departure)}
    names |= {f"arrival.{name}" for name in _wire_fields(Arrival)}
    assert _first_cells(_part(_page("flight.md"), "A flight")) == names


def test_every_status_of_a_flight_is_documented_and_no_other() -> None:
    from windsock.flights import Status

    assert _first_cells(_part(_page("flight.md"), "Status")) == set(get_args(Status))


def test_every_field_of_a_report_is_documented_and_no_other() -> None:
    from windsock.flights import Report
    from windsock.flights.fields import SIDES

    part = _part(_page("flight.md"), "A report")
    assert _first_cells(part) == set(_wire_fields(Report))
    for side, names in SIDES.items():
        row = re.search(rf"^\| `{side}` \|(.*)\|$", part, flags=re.MULTILINE)
        assert row is not None
        assert set(re.findall(r"`(\w+)`", row[1])) == set(names), side


def test_the_types_for_javascript_have_every_field_of_a_flight() -> None:
    from windsock.flights import Arrival, Departure, Flight, Runway

    types = (ROOT / "src/windsock/static/windsock/types.js").read_text()

    def names(typedef: str) -> set[str]:
        shape = re.search(rf"@typedef \{{\{{((?:(?!@typedef).)*?)\}}\}} {typedef}\n", types, flags=re.DOTALL)
        assert shape is not None, typedef
        flat = re.sub(r"\{[^{}]*\}", "", shape[1])  # what lies deeper belongs to other shapes
        return set(re.findall(r"(\w+)\??:", flat))

    assert names("GateTimes") == set(_wire_fields(Departure)) | set(_wire_fields(Arrival))
    assert names("RunwayTimes") == set(_wire_fields(Runway))
    assert names("Flight") == set(_wire_fields(Flight))


def test_every_endpoint_is_documented_and_no_other() -> None:
    from windsock.api.app import api

    operations = {
        f"{method.upper()} {path}"
        for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()
        for method in methods
    }
    assert _first_cells(_part(_page("http.md"), "API")) == operations


def test_every_option_and_member_of_the_python_client_is_documented() -> None:
    import inspect

    from windsock.client import WindsockClient

    page = _page("python.md")
    options = set(inspect.signature(WindsockClient).parameters)
    members = {name for name in vars(WindsockClient) if not name.startswith("_")}
    for name in options | members:
        assert re.search(rf"^\|.*`{name}[`(].*\|", page, flags=re.MULTILINE), f"{name} is not documented"


def test_the_architecture_page_names_every_package() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    for place in (ROOT / "src" / "windsock").iterdir():
        if place.suffix == ".py" or (place / "__init__.py").exists():
            name = place.stem
            if name != "__init__":
                assert re.search(rf"\b{name}\b", page), f"ARCHITECTURE.md does not say where {name} stands"


PAGES = [path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if "_build" not in path.parts]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page in PAGES:
        for code in re.findall(
            r"`([^`\n]*make [a-z][^`\n]*)`|^((?:\w+=\S+ )*make [a-z-]+.*)$",
            page.read_text(),
            flags=re.MULTILINE,
        ):
            for target in re.findall(r"\bmake ([a-z-]+)", code[0] or code[1]):
                assert target in targets, f"{page.name}: make {target}"


def test_the_readme_opens_with_the_two_commands() -> None:
    beginning = (ROOT / "README.md").read_text()[:1200]
    assert beginning.index("make demo") < beginning.index("make test")
