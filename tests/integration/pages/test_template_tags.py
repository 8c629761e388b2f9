"""`{% flight_board %}` and `{% flight_status %}` in a host's template: without JavaScript, and for whom."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.urls import set_script_prefix
from django.utils import translation

from tests.integration.pages.snowy_day import tell

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]

Written = Callable[..., str]


@pytest.fixture
def written() -> Written:
    """What a template with this in it gives, to somebody who is signed in or to a stranger."""

    def write(tag: str, *, signed_in: bool = True) -> str:
        request = RequestFactory().get("/")
        request.user = get_user_model()(username="eve", pk=7) if signed_in else AnonymousUser()
        return Template("{% load windsock %}" + tag).render(Context({"request": request}))

    return write


def test_a_board_has_its_rows_without_javascript(written: Written) -> None:
    page = written('{% flight_board "JFK" rows=8 %}')

    assert "35 min late" in page
    assert "Orlando" in page
    assert "As of 10:20" in page
    assert 'service="/"' in page
    assert "style=" not in page
    assert "<script>" not in page


def test_a_board_has_no_more_rows_than_asked_for(written: Written) -> None:
    assert written('{% flight_board "JFK" rows=1 %}').count('<th scope="row">') == 1


def test_a_flight_is_shown_by_its_number_and_by_its_codeshare(written: Written) -> None:
    assert "35 min late" in written('{% flight_status "dl 1865" %}')
    assert "Cancelled" in written('{% flight_status "BA1511" %}')
    assert "Nothing is known of flight ZZ 1" in written('{% flight_status "ZZ1" %}')


def test_a_reader_without_rights_sees_no_flight(written: Written) -> None:
    for tag in ('{% flight_board "JFK" %}', '{% flight_status "DL1865" %}'):
        page = written(tag, signed_in=False)
        assert "only to those who sign in" in page
        assert "Orlando" not in page
        assert "late" not in page.replace("translate", "")


def test_what_a_source_says_is_escaped(written: Written) -> None:
    tell(flight="DL1865", departure={"gate": "<b>"})
    for tag in ('{% flight_board "JFK" %}', '{% flight_status "DL1865" %}', '{% flight_board "<script>" %}'):
        page = written(tag)
        assert "<script>" not in page
        assert "<td><b>" not in page


def test_an_unknown_airport_is_said_and_an_unknown_direction_is_an_error(written: Written) -> None:
    assert "No airport has the code QQQ." in written('{% flight_board "qqq" %}')
    with pytest.raises(TemplateSyntaxError, match="not a direction"):
        written('{% flight_board "JFK" "sideways" %}')


def test_the_tags_speak_the_language_of_the_page(written: Written) -> None:
    with translation.override("de"):
        page = written('{% flight_board "JFK" %}')
    assert 'lang="de"' in page
    assert "Planmäßig" in page


def test_addresses_keep_the_prefix(written: Written) -> None:
    set_script_prefix("/delays/")
    try:
        page = written('{% flight_board "JFK" %}')
    finally:
        set_script_prefix("/")
    assert 'service="/delays/"' in page
    assert 'href="/delays/airports/JFK/departures/"' in page
