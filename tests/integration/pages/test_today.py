"""The page of the day without JavaScript."""

import pytest
from django.test import Client

from tests.integration.pages.snowy_day import DELAYS, at, programmes, tell, text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("snowy_day")]


def leave_late(origin: str, minutes: int, number: int) -> None:
    for index in range(4):
        tell(
            flight=f"UA{number + index}",
            origin=origin,
            destination="DEN",
            departure={"scheduled": at(-60 - index), "actual": at(-60 - index + minutes)},
        )


def test_the_worst_airport_is_named_and_comes_first(ada: Client) -> None:
    leave_late("BOS", 5, 100)
    leave_late("ORD", 45, 200)

    response = ada.get("/today/")
    (_, airports, _), (_, carriers, _) = response.context["tables"]

    assert airports[0].code == "ORD"
    assert airports[0].late_percent == 100
    assert airports[-1].few
    assert "Chicago O" in response.content.decode()
    assert "is worst" in response.content.decode()
    assert {row.code for row in carriers} >= {"UA", "DL", "B6", "AA"}


def test_a_small_airport_is_not_called_the_worst(ada: Client) -> None:
    for number in range(10):
        leave_late("ORD", 20, 200 + 10 * number)
    leave_late("ORD", 5, 900)
    for index in range(3):
        tell(
            flight=f"AA{index + 1}",
            origin="BOS",
            destination="DEN",
            departure={"scheduled": at(-60), "actual": at(-10)},
        )

    response = ada.get("/today/")

    assert [row.code for row in response.context["tables"][0][1]][:2] == ["ORD", "BOS"]
    assert response.context["worst"].code == "ORD"


def test_tables_are_sorted_by_links(ada: Client) -> None:
    leave_late("BOS", 50, 100)

    (_, airports, _), _ = ada.get("/today/?sort=cancelled").context["tables"]
    (_, named, _), _ = ada.get("/today/?sort=name").context["tables"]

    assert airports[0].code == "JFK"  # which has the cancelled flight
    assert [row.name for row in named] == sorted(row.name for row in named)
    assert ada.get("/today/?sort=nonsense").context["sort"] == "late"


def test_the_hours_are_in_a_table_too(ada: Client) -> None:
    page = text(ada, "/today/")

    assert '<th scope="row"><bdi>11:00</bdi></th>' in page
    assert "<svg" in page


def test_programmes_in_force_are_shown(ada: Client) -> None:
    programmes(DELAYS)

    assert "Departures from JFK are late" in text(ada, "/today/")


def test_a_refresh_that_brings_nothing_new_has_no_body(ada: Client) -> None:
    first = ada.get("/today/?part=1")

    assert ada.get("/today/?part=1", headers={"If-None-Match": first["ETag"]}).status_code == 304
    tell(flight="DL1865", departure={"estimated": at(120)})
    assert ada.get("/today/?part=1", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_an_empty_day_says_so(ada: Client) -> None:
    from windsock import journal

    journal.current().reset()

    assert "No flights today" in text(ada, "/today/")
