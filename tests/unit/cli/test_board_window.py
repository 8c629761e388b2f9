"""The window of the terminal's board: around now until a flight is chosen, then still under the reader's eyes."""

from hypothesis import given
from hypothesis import strategies as st

from windsock.cli.board_window import BoardWindow

IDS = [f"F{number}" for number in range(100)]
MOVES = (
    "up",
    "down",
    "page up",
    "page down",
    "home",
    "end",
    "k",
    "j",
    " ",
    "enter",
    "escape",
    "n",
    "e",
    "d",
    "a",
)


def test_at_first_now_is_in_the_middle_with_more_to_come_than_what_was() -> None:
    assert BoardWindow().part(IDS, 20, now=50) == range(42, 62)
    assert BoardWindow().part(IDS, 20, now=0) == range(20)
    assert BoardWindow().part(IDS, 20, now=100) == range(80, 100)
    assert BoardWindow().part(IDS[:5], 20, now=3) == range(5)


def test_the_first_arrow_chooses_the_next_flight_to_come_and_the_next_one_moves_on() -> None:
    window = BoardWindow()
    window.press("down", IDS, 20, 50)
    assert window.chosen == "F50"
    window.press("down", IDS, 20, 50)
    assert window.chosen == "F51"
    assert window.part(IDS, 20, 50) == range(42, 62)
    window.press("n", IDS, 20, 50)
    assert window.chosen == ""


@given(
    st.lists(st.sampled_from(MOVES), max_size=30),
    st.integers(0, 30),
    st.integers(1, 40),
    st.integers(0, 30),
)
def test_whatever_is_pressed_the_screen_is_full_and_the_chosen_flight_on_it(
    keys: list[str], count: int, height: int, now: int
) -> None:
    ids, now = IDS[:count], min(now, count)
    window = BoardWindow()
    for key in keys:
        assert window.press(key, ids, height, now)
        part = window.part(ids, height, now)
        assert len(part) == min(height, count)
        assert not part or 0 <= part.start <= part.stop - 1 < count
        if window.chosen:
            assert ids.index(window.chosen) in part


def test_the_chosen_flight_stays_on_its_line_while_others_come_and_go() -> None:
    window = BoardWindow()
    for _ in range(5):
        window.press("down", IDS, 20, 50)
    line = IDS.index(window.chosen) - window.part(IDS, 20, 50).start
    fewer = IDS[10:]
    assert fewer.index(window.chosen) - window.part(fewer, 20, 40).start == line
    gone = [flight for flight in IDS if flight != window.chosen]
    assert len(window.part(gone, 20, 50)) == 20


def test_what_is_typed_filters_and_no_key_of_it_is_a_command() -> None:
    window = BoardWindow()
    for key in ("/", "q", "d", "x", "backspace"):
        assert window.press(key, IDS, 20, 50)
    assert (window.text, window.show, window.typing) == ("qd", "all", True)
    window.press("enter", IDS, 20, 50)
    assert (window.text, window.typing) == ("qd", False)
    window.press("escape", IDS, 20, 50)
    assert window.text == ""


def test_enter_opens_the_flight_and_q_leaves_it_before_it_quits() -> None:
    window = BoardWindow()
    assert window.press("enter", IDS, 20, 50)
    assert window.detail == "F50"
    assert window.press("q", IDS, 20, 50)
    assert window.detail == ""
    assert not window.press("q", IDS, 20, 50)
