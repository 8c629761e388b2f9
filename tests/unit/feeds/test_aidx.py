"""What AIDX messages say, and how they are answered. The messages are invented, to the standard's grammar."""

import csv
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.unit.feeds.damage import damaged, endures
from windsock.errors import FeedError
from windsock.feeds.aidx import Rotation, acknowledgement, parse, rotations
from windsock.feeds.parsing import Parsed
from windsock.flights import Report

RECEIVED = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)
NS = "{http://www.iata.org/IATA/2007/00}"
SCHEDULED = '<OperationTime OperationQualifier="OFB" TimeType="SCT">2026-05-08T09:40:00Z</OperationTime>'


def time(qualifier: str, kind: str, value: str | None) -> str:
    """An OperationTime; value None erases."""
    said = f'OperationQualifier="{qualifier}" CodeContext="9750"' + (f' TimeType="{kind}"' if kind else "")
    return (
        f'<OperationTime {said} xsi:nil="true"/>'
        if value is None
        else f"<OperationTime {said}>{value}</OperationTime>"
    )


def leg(
    said: str = SCHEDULED, *, number: str = "0482", origin: str = "OSL", more: str = "", before: str = ""
) -> str:
    return (
        f'<FlightLeg><LegIdentifier><Airline CodeContext="3">DY</Airline><FlightNumber>{number}</FlightNumber>'
        f"<DepartureAirport>{origin}</DepartureAirport><ArrivalAirport>TOS</ArrivalAirport>"
        f"<OriginDate>2026-05-08</OriginDate>{more}</LegIdentifier>{before}<LegData>{said}</LegData></FlightLeg>"
    )


def message(
    *legs: str, attributes: str = 'TimeStamp="2026-05-08T11:58:00Z" TransactionIdentifier="X7"'
) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<IATA_AIDX_FlightLegNotifRQ Version="21.3" '
        'xmlns="http://www.iata.org/IATA/2007/00" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'{attributes}>\n<Originator CompanyShortName="TOWER"/>\n'
        + "\n".join(legs)
        + "\n</IATA_AIDX_FlightLegNotifRQ>"
    ).encode()


def read(*legs: str, attributes: str = 'TimeStamp="2026-05-08T11:58:00Z"') -> Parsed:
    return parse(message(*legs, attributes=attributes), received_at=RECEIVED)


def said(data: str) -> Report:
    parsed = read(leg(data))
    assert not parsed.faults
    (report,) = parsed.reports
    return report


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, 8, hour, minute, tzinfo=UTC)


def answer(said: str) -> bytes:
    return message(said).replace(b"IATA_AIDX_FlightLegNotifRQ", b"IATA_AIDX_FlightLegRS")


def test_a_runways_own_plan_is_told_as_such_in_either_form() -> None:
    for plan, landing in (
        (time("TKO", "SCT", "2026-05-08T09:52:00Z"), time("LDT", "SCT", "2026-05-08T11:20:00Z")),
        (time("STOT", "", "2026-05-08T09:52:00Z"), time("SLDT", "", "2026-05-08T11:20:00Z")),
    ):
        report = said(SCHEDULED + plan + landing)
        assert report.takeoff is not UNSET and report.landing is not UNSET
        assert (report.takeoff.scheduled, report.landing.scheduled) == (at(9, 52), at(11, 20))


def test_the_words_of_an_answers_warnings_are_kept_beside_its_legs() -> None:
    warnings = (
        '<Success/><Warnings><Warning RecordID="2" Status="Refused">Stand 14 is closed.</Warning>'
        '<Warning ShortText="Leg not found"/></Warnings>'
    )
    parsed = parse(answer(warnings + leg()), received_at=RECEIVED)
    assert [(fault.path, fault.value, fault.message) for fault in parsed.faults] == [
        ("Warnings/Warning[1]", "2", "the sender warns: Stand 14 is closed."),
        ("Warnings/Warning[2]", None, "the sender warns: Leg not found"),
    ]
    assert len(parsed.reports) == 1


def test_an_answer_that_has_nothing_to_tell_is_no_fault_and_an_error_is_refused_in_its_words() -> None:
    assert parse(answer("<Success/>"), received_at=RECEIVED) == Parsed()
    with pytest.raises(FeedError, match="Unknown airport XYZ"):
        parse(answer('<Errors><Error Type="3">Unknown airport XYZ</Error></Errors>'), received_at=RECEIVED)
    with pytest.raises(FeedError, match="no reason is given"):
        parse(answer("<Errors/>"), received_at=RECEIVED)
    assert [fault.message for fault in read().faults] == ["the message holds no FlightLeg"]


FULL = message(
    leg(
        '<OperationalStatus CodeContext="9750">OFB</OperationalStatus>'
        '<IrregularityDelay DepartureOrArrival="Departure"><ReasonCode>41</ReasonCode><Duration>PT1H05M</Duration>'
        "</IrregularityDelay><IrregularityDelay><ReasonCode>DBN</ReasonCode></IrregularityDelay>"
        "<CodeShareInfo><Airline>N0</Airline><FlightNumber>5482</FlightNumber></CodeShareInfo>"
        '<AirportResources Usage="Actual"><Resource DepartureOrArrival="Departure"><PassengerGate>A7</PassengerGate>'
        "<AircraftParkingPosition>12L</AircraftParkingPosition><PublicTerminal>1</PublicTerminal></Resource>"
        '<Resource DepartureOrArrival="Arrival"><BaggageClaimUnit>2</BaggageClaimUnit></Resource></AirportResources>'
        + time("OFB", "SCT", "2026-05-08T09:40:00Z")
        + time("OFB", "EST", "2026-05-08T10:40:00Z")
        + time("OFB", "ACT", "2026-05-08T10:45:00.000Z")
        + time("TKO", "ACT", "2026-05-08T12:57:00+02:00")
        + time("TDN", "EST", "2026-05-08T12:31:00Z")
        + time("ONB", "SCT", "2026-05-08T11:35:00Z")
        + time("ONB", "EST", "2026-05-08T12:38:00Z")
        + time("CGT", "ACT", "2026-05-08T09:00:00Z")
        + "<AircraftInfo><AircraftType>73H</AircraftType><Registration>LNQXZ</Registration></AircraftInfo>"
    ),
    leg(number="483"),
)


def test_a_leg_says_times_places_reasons_aircraft_and_names() -> None:
    parsed = parse(FULL, received_at=RECEIVED, source="tower")
    assert not parsed.faults
    report, other = parsed.reports
    assert (report.flight, report.date, report.origin, report.destination) == (
        "DY482",
        date(2026, 5, 8),
        "OSL",
        "TOS",
    )
    assert report.observed_at == at(11, 58)
    assert report.source == "tower"
    assert report.departure is not UNSET and report.arrival is not UNSET
    assert report.takeoff is not UNSET and report.landing is not UNSET
    departure, arrival = report.departure, report.arrival
    assert (departure.scheduled, departure.estimated, departure.actual) == (at(9, 40), at(10, 40), at(10, 45))
    assert (departure.gate, departure.stand, departure.terminal) == ("A7", "12L", "1")
    assert (report.takeoff.actual, report.landing.estimated) == (at(10, 57), at(12, 31))
    assert (arrival.scheduled, arrival.estimated, arrival.belt) == (at(11, 35), at(12, 38), "2")
    assert report.delay_reasons is not UNSET and report.delay_reasons is not None
    assert [(one.scheme, one.code, one.minutes) for one in report.delay_reasons] == [
        ("ahm730", "41", 65),
        ("ahm732", "DBN", None),
    ]
    assert (report.registration, report.aircraft_type) == ("LNQXZ", "73H")
    assert report.codeshares == ("N05482",)
    assert other.flight == "DY483"


def test_the_flight_date_is_that_of_the_clock_at_the_origin() -> None:
    parsed = read(leg(time("OFB", "SCT", "2026-05-09T09:50:00Z"), origin="HNL"))
    assert parsed.reports[0].date == date(2026, 5, 8)
    assert parsed.statements[0].utc_day is None


def test_origin_date_is_no_flight_date_but_the_utc_day_where_no_schedule_is_known() -> None:
    (statement,) = read(leg(time("OFB", "EST", "2026-05-09T01:50:00Z"))).statements
    assert statement.report.date is UNSET
    assert statement.utc_day == date(2026, 5, 8)


def test_a_later_leg_of_a_flight_is_dated_by_its_own_times() -> None:
    through = '<AssociatedFlightLegSchedule FlightSequence="upline"/>'
    (statement,) = read(leg(through + time("OFB", "EST", "2026-05-09T01:50:00Z"))).statements
    assert statement.utc_day == date(2026, 5, 9)


def test_a_dummy_origin_date_is_no_day() -> None:
    bad = leg("<AircraftInfo><Registration>LNAAA</Registration></AircraftInfo>").replace(
        "2026-05-08", "2000-01-01"
    )
    assert read(bad).statements[0].utc_day is None


def test_nil_erases_and_absent_says_nothing() -> None:
    report = said(
        SCHEDULED
        + time("OFB", "EST", None)
        + time("ONB", "ACT", None)
        + '<AirportResources Usage="Actual"><Resource DepartureOrArrival="Departure"><PassengerGate xsi:nil="true"/>'
        "</Resource></AirportResources>"
        '<IrregularityDelay><ReasonCode xsi:nil="true"/></IrregularityDelay>'
        '<AircraftInfo><Registration xsi:nil="1"/></AircraftInfo><CodeShareInfo xsi:nil="true"/>'
    )
    assert report.departure is not UNSET and report.arrival is not UNSET
    assert report.departure.estimated is None
    assert report.departure.gate is None
    assert report.departure.stand is UNSET
    assert report.arrival.actual is None
    assert (report.delay_reasons, report.registration, report.codeshares) == (None, None, None)
    assert report.takeoff is UNSET
    assert report.aircraft_type is UNSET


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"EST": "10:10", "TAR": "10:20", "CAL": "10:30"}, at(10, 10)),
        ({"TAR": "10:20", "CAL": "10:30"}, at(10, 20)),
        ({"CAL": "10:30"}, at(10, 30)),
    ],
)
def test_the_estimate_is_the_estimate_else_the_target_else_the_slot(
    kinds: dict[str, str], expected: datetime
) -> None:
    report = said("".join(time("TKO", kind, f"2026-05-08T{value}:00Z") for kind, value in kinds.items()))
    assert report.takeoff is not UNSET
    assert report.takeoff.estimated == expected


def test_an_erased_target_leaves_the_estimate_alone() -> None:
    report = said(SCHEDULED + time("OFB", "TAR", None))
    assert report.departure is not UNSET
    assert report.departure.estimated is UNSET


@pytest.mark.parametrize("code", ["SOBT", "STD", "189", "OFBSCT", "SCTOFB", "sobt"])
def test_the_old_form_says_milestone_and_certainty_in_one_code(code: str) -> None:
    report = said(time(code, "", "2026-05-08T09:40:00Z"))
    assert report.departure is not UNSET
    assert report.departure.scheduled == at(9, 40)
    assert report.date == date(2026, 5, 8)


def test_a_milestone_without_a_type_is_a_fault_for_it_can_be_planned_or_past() -> None:
    parsed = read(leg(SCHEDULED + time("TKO", "", "2026-05-08T10:00:00Z")))
    assert "no TimeType" in parsed.faults[0].message
    assert parsed.reports[0].takeoff is UNSET


def test_an_old_code_that_is_not_known_is_a_fault_and_one_of_no_use_is_not() -> None:
    parsed = read(leg(SCHEDULED + time("QZX", "", "2026-05-08T10:00:00Z")))
    assert parsed.faults[0].column == "QZX"
    assert not read(leg(SCHEDULED + time("TSAT", "", "2026-05-08T10:00:00Z"))).faults
    assert not read(leg(SCHEDULED + time("SAT", "TAR", "2026-05-08T10:00:00Z"))).faults


def test_a_time_without_an_offset_is_utc() -> None:
    report = said(time("OFB", "SCT", "2026-05-08T09:40:00"))
    assert report.departure is not UNSET
    assert report.departure.scheduled == at(9, 40)


def test_what_is_used_counts_before_what_is_planned() -> None:
    def resources(usage: str, gate: str) -> str:
        return (
            f'<AirportResources Usage="{usage}"><Resource DepartureOrArrival="Departure">'
            f"<PassengerGate>{gate}</PassengerGate></Resource></AirportResources>"
        )

    report = said(resources("Actual", "B2") + resources("Planned", "A1"))
    assert report.departure is not UNSET
    assert report.departure.gate == "B2"
    report = said(resources("Planned", "A1"))
    assert report.departure is not UNSET
    assert report.departure.gate == "A1"


def test_several_belts_are_told_together() -> None:
    report = said(
        '<AirportResources Usage="Actual"><Resource DepartureOrArrival="Arrival"><BaggageClaimUnit>3<OpenTime/>'
        "</BaggageClaimUnit><BaggageClaimUnit>4</BaggageClaimUnit></Resource></AirportResources>"
    )
    assert report.arrival is not UNSET
    assert report.arrival.belt == "3/4"


def test_the_desks_of_check_in_are_told_group_by_group() -> None:
    report = said(
        '<AirportResources Usage="Planned"><Resource DepartureOrArrival="Departure"><CheckInInfo Class="7">'
        "<FirstPosition>101</FirstPosition><LastPosition>118</LastPosition></CheckInInfo><CheckInInfo>"
        "<FirstPosition>201</FirstPosition></CheckInInfo></Resource></AirportResources>"
    )
    assert report.departure is not UNSET
    assert report.departure.checkin_desk == "101-118, 201"


def test_desks_that_the_sender_erases_are_erased() -> None:
    report = said(
        '<AirportResources><Resource DepartureOrArrival="Departure"><CheckInInfo xsi:nil="true"/></Resource>'
        "</AirportResources>"
    )
    assert report.departure is not UNSET
    assert report.departure.checkin_desk is None


def test_the_first_bag_is_told_as_it_was_or_else_as_expected() -> None:
    expected = '<OperationTime OperationQualifier="FBG" TimeType="EST">2026-03-04T12:55:00Z</OperationTime>'
    was = '<OperationTime OperationQualifier="FBG" TimeType="ACT">2026-03-04T12:58:00Z</OperationTime>'
    for times, minute in ((expected, 55), (expected + was, 58)):
        report = said(times)
        assert report.arrival is not UNSET
        assert report.arrival.first_bag == datetime(2026, 3, 4, 12, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "scheme", "kept"),
    [
        ("93", "ahm730", "93"),
        ("RA", "ahm730", "RA"),
        ("93C", "ahm730", "93C"),
        ("DBN", "ahm732", "DBN"),
        ("6", "ahm730", "06"),
        ("Q", "text", "Q"),
    ],
)
def test_a_reason_has_the_scheme_that_its_shape_tells(code: str, scheme: str, kept: str) -> None:
    report = said(f"<IrregularityDelay><ReasonCode>{code}</ReasonCode></IrregularityDelay>")
    assert report.delay_reasons
    assert (report.delay_reasons[0].scheme, report.delay_reasons[0].code) == (scheme, kept)


@pytest.mark.parametrize(
    ("duration", "minutes"), [("PT2H15M", 135), ("PT0H08M", 8), ("P1DT1M", 1441), ("PT90S", 1), ("PT45M", 45)]
)
def test_a_duration_is_told_in_minutes(duration: str, minutes: int) -> None:
    report = said(
        f"<IrregularityDelay><ReasonCode>93</ReasonCode><Duration>{duration}</Duration></IrregularityDelay>"
    )
    assert report.delay_reasons
    assert report.delay_reasons[0].minutes == minutes


@pytest.mark.parametrize("duration", ["P", "PT", "2H", "-PT5M", "1:30", "P1M"])
def test_what_is_no_duration_is_a_fault_and_the_code_is_kept(duration: str) -> None:
    parsed = read(
        leg(
            f"<IrregularityDelay><ReasonCode>93</ReasonCode><Duration>{duration}</Duration></IrregularityDelay>"
        )
    )
    assert parsed.faults[0].column == "Duration"
    assert parsed.reports[0].delay_reasons


def test_dx_cancels_and_sq_reinstates() -> None:
    assert said("<OperationalStatus>DX</OperationalStatus>").cancelled is True
    assert said("<OperationalStatus>SQ</OperationalStatus>").cancelled is False
    assert said(SCHEDULED).cancelled is UNSET


def test_dv_diverts_and_the_history_says_where_to() -> None:
    report = said("<OperationalStatus>DV</OperationalStatus>")
    assert (report.diverted, report.diverted_to) == (True, UNSET)
    history = '<PlannedArrivalAptHistory RepeatIndex="{}">{}</PlannedArrivalAptHistory>'
    report = said(history.format(2, "EVE") + history.format(1, "BOO"))
    assert (report.diverted, report.diverted_to, report.destination) == (True, "EVE", "TOS")
    report = said(history.format(1, "BOO") + history.format(2, "TOS"))
    assert (report.diverted, report.diverted_to) == (False, None)


def test_boarding_and_the_return_to_the_gate_are_told() -> None:
    report = said(time("BST", "ACT", "2026-05-08T09:10:00Z") + time("GRT", "ACT", "2026-05-08T11:10:00Z"))
    assert report.boarding is True
    assert report.returned_to_gate == at(11, 10)


@pytest.mark.parametrize("action", ["Delete", "LockDown", "DoNotDisplay", "Explode"])
def test_a_special_action_changes_nothing_and_is_told(action: str) -> None:
    parsed = read(leg(f"<SpecialAction>{action}</SpecialAction>" + SCHEDULED), leg(number="7"))
    assert [report.flight for report in parsed.reports] == ["DY7"]
    assert parsed.faults[0].column == "SpecialAction"
    assert parsed.faults[0].path == "FlightLeg[1]"
    assert not read(leg(before=f"<SpecialAction>{action}</SpecialAction>")).statements


def test_an_earlier_attempt_to_depart_is_not_told() -> None:
    assert not read(leg(more='<RepeatNumber CurrentInd="false">1</RepeatNumber>')).statements
    assert read(leg(more='<RepeatNumber CurrentInd="true">2</RepeatNumber>')).statements


def test_an_invalid_field_is_a_fault_and_the_rest_is_told() -> None:
    parsed = read(
        leg(
            SCHEDULED
            + time("OFB", "ACT", "2026-05-08T25:00:00Z")
            + time("ONB", "EST", "soon")
            + "<AircraftInfo><AircraftType>73H</AircraftType><Registration>LN?QX</Registration></AircraftInfo>"
            "<CodeShareInfo><Airline>N0</Airline><FlightNumber>zero</FlightNumber></CodeShareInfo>"
            "<CodeShareInfo><Airline>KL</Airline><FlightNumber>99</FlightNumber></CodeShareInfo>"
            "<IrregularityDelay><ReasonCode>93</ReasonCode><Duration>P900D</Duration></IrregularityDelay>"
        )
    )
    (report,) = parsed.reports
    assert [fault.column for fault in parsed.faults] == [
        "departure.actual",
        "arrival.estimated",
        "registration",
        "codeshares[0]",
        "delay_reasons[0].minutes",
    ]
    assert report.aircraft_type == "73H"
    assert report.codeshares == ("KL99",)
    assert report.delay_reasons


def test_an_unknown_origin_is_a_fault_and_the_day_stays_utc() -> None:
    parsed = read(leg(origin="QQQ"))
    (statement,) = parsed.statements
    assert parsed.faults[0].column == "origin"
    assert (statement.report.date, statement.utc_day) == (UNSET, date(2026, 5, 8))


@pytest.mark.parametrize("registration", ["-", "00000"])
def test_a_placeholder_is_no_registration(registration: str) -> None:
    parsed = read(
        leg(SCHEDULED + f"<AircraftInfo><Registration>{registration}</Registration></AircraftInfo>")
    )
    assert parsed.faults[0].column == "Registration"
    assert parsed.reports[0].registration is UNSET


def test_a_leg_that_cannot_be_named_is_a_fault_and_the_next_is_told() -> None:
    parsed = read("<FlightLeg/>", leg(number="none"), leg())
    assert [fault.path for fault in parsed.faults] == ["FlightLeg[1]", "FlightLeg[2]"]
    assert len(parsed.reports) == 1


@pytest.mark.parametrize(
    ("stamp", "observed", "faults"),
    [
        ("2026-05-08T11:00:00Z", at(11), 0),
        ("2026-05-08T12:03:00Z", UNSET, 0),
        ("2026-05-08T14:00:00Z", UNSET, 1),
        ("yesterday", UNSET, 1),
    ],
)
def test_the_message_time_is_when_it_was_observed_unless_it_is_to_come(
    stamp: str, observed: object, faults: int
) -> None:
    parsed = read(leg(), attributes=f'TimeStamp="{stamp}"')
    assert parsed.reports[0].observed_at == observed
    assert len(parsed.faults) == faults


def test_a_test_message_is_not_taken() -> None:
    parsed = read(leg(), attributes='Target="Test"')
    assert not parsed.statements
    assert "is a test" in parsed.faults[0].message


def test_a_soap_envelope_is_opened() -> None:
    bare = message(leg()).split(b"\n", 1)[1]
    soap = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        + bare
        + b"</s:Body></s:Envelope>"
    )
    assert len(parse(soap, received_at=RECEIVED).reports) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<flights/>", "not an AIDX message"),
        (b"<Envelope/>", "not an AIDX message"),
        (FULL[:-40], "damaged"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "DOCTYPE"),
        (b"not xml", "damaged"),
    ],
)
def test_what_is_no_aidx_is_refused_as_a_whole(data: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parse(data, received_at=RECEIVED)


def test_rotations_say_which_leg_the_aircraft_flew_before_and_flies_next() -> None:
    other = (
        "<Airline>DY</Airline><FlightNumber>{}</FlightNumber><DepartureAirport>{}</DepartureAirport>"
        "<ArrivalAirport>{}</ArrivalAirport><OriginDate>2026-05-08</OriginDate></AssociatedFlightLegAircraft>"
    )
    found = rotations(
        message(
            leg(
                '<AssociatedFlightLegAircraft FlightSequence="upline">'
                + other.format("321", "CPH", "OSL")
                + '<AssociatedFlightLegAircraft FlightSequence="downline">'
                + other.format("489", "TOS", "OSL")
                + "<AssociatedFlightLegAircraft/><AircraftInfo><Registration>LNQXZ</Registration></AircraftInfo>"
            )
        )
    )
    assert all(isinstance(one, Rotation) for one in found)
    assert [(one.inbound.flight, one.outbound.flight, one.registration) for one in found] == [
        ("DY321", "DY0482", "LNQXZ"),
        ("DY0482", "DY489", "LNQXZ"),
    ]
    assert (found[0].inbound.origin, found[0].inbound.utc_day) == ("CPH", date(2026, 5, 8))


def test_a_message_taken_whole_is_answered_with_success() -> None:
    data = message(leg())
    answer = fromstring(acknowledgement(data, parse(data, received_at=RECEIVED), received_at=RECEIVED))
    assert answer.tag == f"{NS}IATA_AIDX_FlightLegRS"
    assert answer.get("TransactionIdentifier") == "X7"
    assert answer.get("Version") == "21.3"
    assert answer.get("TimeStamp") == "2026-05-08T12:00:00Z"
    assert [one.tag for one in answer] == [f"{NS}Success"]


def test_the_answer_warns_of_each_leg_that_was_refused_or_taken_in_part() -> None:
    data = message(
        leg("<SpecialAction>Delete</SpecialAction>"), leg(), leg(SCHEDULED + time("ONB", "EST", "soon"))
    )
    answer = fromstring(acknowledgement(data, parse(data, received_at=RECEIVED), received_at=RECEIVED))
    warnings = answer.findall(f"{NS}Warnings/{NS}Warning")
    assert [(one.get("RecordID"), one.get("Status")) for one in warnings] == [
        ("1", "Refused"),
        ("3", "Partial"),
    ]
    assert "soon" in (warnings[1].text or "")


def test_many_faults_are_counted_after_the_first_hundred() -> None:
    data = message(*["<FlightLeg/>"] * 150)
    answer = fromstring(acknowledgement(data, parse(data, received_at=RECEIVED), received_at=RECEIVED))
    warnings = answer.findall(f"{NS}Warnings/{NS}Warning")
    assert len(warnings) == 101
    assert warnings[-1].text == "50 more warnings are left out."


def test_a_message_that_cannot_be_read_is_answered_with_errors() -> None:
    answer = fromstring(acknowledgement(b"\x00", FeedError("The XML is \x07 damaged."), received_at=RECEIVED))
    assert answer.findtext(f"{NS}Errors/{NS}Error") == "The XML is ? damaged."
    assert answer.find(f"{NS}Success") is None


def answered(data: bytes) -> Parsed:
    """Reads and answers, as a door that takes pushes does."""
    parsed = parse(data, received_at=RECEIVED)
    fromstring(acknowledgement(data, parsed, received_at=RECEIVED))
    rotations(data)
    return parsed


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    endures(partial(parse, received_at=RECEIVED), data)


@given(damaged(FULL))
def test_a_damaged_message_is_read_or_refused_and_can_be_answered(data: bytes) -> None:
    endures(answered, data)


@given(
    st.sampled_from(["OFB", "TKO", "TDN", "ONB", "GRT", "SOBT", ""]),
    st.sampled_from(["SCT", "EST", "ACT", "CAL", "PLN", ""]),
    st.one_of(
        st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        st.text(st.characters(categories=["L", "N", "P"], exclude_characters="<&"), max_size=30),
    ),
    st.sampled_from(["OSL", "HNL", "QQQ"]),
)
def test_any_time_gives_a_statement_or_a_fault(qualifier: str, kind: str, value: str, origin: str) -> None:
    endures(answered, message(leg(time(qualifier, kind, value), origin=origin)))


def test_a_days_legs_are_read_at_once_and_more_bytes_are_refused() -> None:
    parsed = parse(message(*[leg(number=str(n)) for n in range(1, 2001)]), received_at=RECEIVED)
    assert len(parsed.reports) == 2000
    with pytest.raises(FeedError, match="at most"):
        parse(b"<a>" + b" " * 10_000_000 + b"</a>", received_at=RECEIVED)


def test_too_many_names_and_reasons_are_cut_with_a_fault() -> None:
    share = "<CodeShareInfo><Airline>KL</Airline><FlightNumber>{}</FlightNumber></CodeShareInfo>"
    delay = "<IrregularityDelay><ReasonCode>{}</ReasonCode></IrregularityDelay>"
    parsed = read(
        leg("".join(share.format(n) for n in range(1, 41)) + "".join(map(delay.format, range(11, 31))))
    )
    (report,) = parsed.reports
    assert report.codeshares and len(report.codeshares) == 30
    assert report.delay_reasons and len(report.delay_reasons) == 10
    assert [fault.column for fault in parsed.faults] == ["CodeShareInfo", "IrregularityDelay"]


def test_a_reason_given_for_both_ends_is_told_once() -> None:
    delay = '<IrregularityDelay DepartureOrArrival="{}"><ReasonCode>93</ReasonCode></IrregularityDelay>'
    reasons = said(delay.format("Departure") + delay.format("Arrival")).delay_reasons
    assert reasons and len(reasons) == 1


@pytest.mark.shared_data
def test_a_milestone_of_cdm_says_the_same_by_its_name_and_by_its_two_codes(shared: Path) -> None:
    path = shared / "data/samples/acdm_aidx_milestones.csv"
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the clone")
    seen = 0
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        qualifier, kind = row["aidx_operation_qualifier"], row["aidx_time_type"]
        both = SCHEDULED + "<AircraftInfo><AircraftType>73H</AircraftType></AircraftInfo>"
        by_codes = said(both + time(qualifier, kind, "2026-05-08T10:00:00Z"))
        by_name = said(both + time(row["acronym"], "", "2026-05-08T10:00:00Z"))
        assert by_codes == by_name, row["acronym"]
        seen += by_codes != said(both)
    assert seen == 13


@pytest.mark.shared_data
def test_the_answer_has_the_shape_of_the_one_beside_the_clone(shared: Path) -> None:
    path = shared / "data/samples/aidx_flightlegrs_ack_composed.xml"
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the clone")
    theirs = fromstring(path.read_bytes())
    data = message(leg("<SpecialAction>Delete</SpecialAction>"))
    ours = fromstring(acknowledgement(data, parse(data, received_at=RECEIVED), received_at=RECEIVED))
    assert [(one.tag, one.attrib.keys()) for one in ours.iter()] == [
        (one.tag, one.attrib.keys()) for one in theirs.iter()
    ]


@pytest.mark.shared_data
def test_the_sample_beside_the_clone_is_read_whole(shared: Path) -> None:
    path = shared / "data/samples/aidx_flightlegnotif_22.1_composed.xml"
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the clone")
    data = path.read_bytes()
    now = datetime(2026, 10, 3, 6, 40, tzinfo=UTC) + timedelta(seconds=1)
    parsed = parse(data, received_at=now)
    assert not parsed.faults
    (report,) = parsed.reports
    assert (report.flight, report.date, report.registration) == ("RJ111", date(2026, 10, 3), "JY-AYA")
    assert report.departure is not UNSET
    assert report.departure.gate == "B21"
    assert rotations(data)[0].inbound.flight == "RJ264"
    assert b"<Success" in acknowledgement(data, parsed, received_at=now)
