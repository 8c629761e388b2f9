"""Small on-time files of our own, in every form that goes around. The flights are invented."""

# ruff: noqa: E501

TRANSTATS_HEADER = (
    '"Year","Quarter","Month","DayofMonth","DayOfWeek","FlightDate","Reporting_Airline","DOT_ID_Reporting_Airline",'
    '"IATA_CODE_Reporting_Airline","Tail_Number","Flight_Number_Reporting_Airline","Origin","Dest","CRSDepTime",'
    '"DepTime","DepDelay","TaxiOut","WheelsOff","WheelsOn","TaxiIn","CRSArrTime","ArrTime","ArrDelay","Cancelled",'
    '"CancellationCode","Diverted","CRSElapsedTime","ActualElapsedTime","CarrierDelay","WeatherDelay","NASDelay",'
    '"SecurityDelay","LateAircraftDelay","Div1Airport",'
)
# DL 1865 ATL-MCO: 34 minutes late, arrives 40 late; DL 9 JFK-SFO diverted to DEN; AA 3 cancelled for weather.
TRANSTATS = f"""{TRANSTATS_HEADER}
2015,1,1,2,5,2015-01-02,"DL",19790,"DL","N910DE","1865","ATL","MCO","0855","0929",34.00,18.00,"0947","1055",10.00,"1025","1105",40.00,0.00,"",0.00,90.00,96.00,0.00,0.00,6.00,0.00,34.00,"",
2015,1,1,2,5,2015-01-02,"DL",19790,"DL","N1","9","JFK","SFO","1745","1856",71.00,29.00,"1925","",,"2126","",,0.00,"",1.00,401.00,,,,,,,"DEN",
2015,1,1,2,5,2015-01-02,"AA",19805,"AA","","3","JFK","LAX","1200","",,,"","",,"1525","",,1.00,"B",0.00,385.00,,,,,,,"",
"""

DOT_HEADER = (
    "YEAR,MONTH,DAY,DAY_OF_WEEK,AIRLINE,FLIGHT_NUMBER,TAIL_NUMBER,ORIGIN_AIRPORT,DESTINATION_AIRPORT,"
    "SCHEDULED_DEPARTURE,DEPARTURE_TIME,DEPARTURE_DELAY,TAXI_OUT,WHEELS_OFF,SCHEDULED_TIME,ELAPSED_TIME,AIR_TIME,"
    "DISTANCE,WHEELS_ON,TAXI_IN,SCHEDULED_ARRIVAL,ARRIVAL_TIME,ARRIVAL_DELAY,DIVERTED,CANCELLED,CANCELLATION_REASON,"
    "AIR_SYSTEM_DELAY,SECURITY_DELAY,AIRLINE_DELAY,LATE_AIRCRAFT_DELAY,WEATHER_DELAY"
)
DOT = f"""{DOT_HEADER}
2015,1,2,5,DL,1865,N910DE,ATL,MCO,0855,0929,34,18,0947,90,96,68,404,1055,10,1025,1105,40,0,0,,6,0,0,34,0
2015,1,2,5,DL,9,N1,JFK,SFO,1745,1856,71,29,1925,401,,,2586,0104,7,2126,0111,,1,0,,,,,,
2015,1,2,5,AA,3,,JFK,LAX,1200,,,,,385,,,2475,,,1525,,,0,1,B,,,,,
"""

DATAEXPO_HEADER = (
    "flightDate,dayOfMonth,dayOfWeek,depTime,crsDepTime,arrTime,crsArrTime,uniqueCarrier,flightNum,tailNum,"
    "actualElapsedTime,crsElapsedTime,airTime,arrDelay,depDelay,origin,destination,distance,taxiIn,taxiOut,cancelled,"
    "cancellationCode,diverted,carrierDelay,weatherDelay,nasDelay,securityDelay,lateAircraftDelay"
)
DATAEXPO = f"""{DATAEXPO_HEADER}
2015-01-02,2,5,929,855,1105,1025,DL,1865,N910DE,96,90,68,40,34,ATL,MCO,404,10,18,0,,0,0,0,6,0,34
2015-01-02,2,5,1856,1745,,2126,DL,9,N1,,401,,,71,JFK,SFO,2586,,29,0,,1,,,,,
2015-01-02,2,5,,1200,,1525,AA,3,,,385,,,,JFK,LAX,2475,,,1,B,0,,,,,
"""

# As the ASA published it: the date in three columns, and NA where nothing is known, in texts too.
DATAEXPO_OWN_HEADER = (
    "Year,Month,DayofMonth,DayOfWeek,DepTime,CRSDepTime,ArrTime,CRSArrTime,UniqueCarrier,FlightNum,TailNum,"
    "ActualElapsedTime,CRSElapsedTime,AirTime,ArrDelay,DepDelay,Origin,Dest,Distance,TaxiIn,TaxiOut,Cancelled,"
    "CancellationCode,Diverted,CarrierDelay,WeatherDelay,NASDelay,SecurityDelay,LateAircraftDelay"
)
DATAEXPO_OWN = f"""{DATAEXPO_OWN_HEADER}
2015,1,2,5,929,855,1105,1025,DL,1865,N910DE,96,90,68,40,34,ATL,MCO,404,10,18,0,NA,0,0,0,6,0,34
2015,1,2,5,1856,1745,NA,2126,DL,9,N1,NA,401,NA,NA,71,JFK,SFO,2586,NA,29,0,NA,1,NA,NA,NA,NA,NA
2015,1,2,5,NA,1200,NA,1525,AA,3,NA,NA,385,NA,NA,NA,JFK,LAX,2475,NA,NA,1,B,0,NA,NA,NA,NA,NA
"""

DOWNLOAD_HEADER = (
    "FL_DATE,OP_UNIQUE_CARRIER,TAIL_NUM,OP_CARRIER_FL_NUM,ORIGIN,DEST,CRS_DEP_TIME,DEP_DELAY,TAXI_OUT,TAXI_IN,"
    "CRS_ARR_TIME,ARR_DELAY,CANCELLED,CANCELLATION_CODE,DIVERTED,CRS_ELAPSED_TIME,CARRIER_DELAY,WEATHER_DELAY,NAS_DELAY,"
    "SECURITY_DELAY,LATE_AIRCRAFT_DELAY,DIV1_AIRPORT"
)
DOWNLOAD = f"""{DOWNLOAD_HEADER}
1/2/2015 12:00:00 AM,DL,N910DE,1865,ATL,MCO,0855,34.00,18.00,10.00,1025,40.00,0.00,,0.00,90.00,0.00,0.00,6.00,0.00,34.00,
1/2/2015 12:00:00 AM,DL,N1,9,JFK,SFO,1745,71.00,29.00,,2126,,0.00,,1.00,401.00,,,,,,DEN
1/2/2015 12:00:00 AM,AA,,3,JFK,LAX,1200,,,,1525,,1.00,B,0.00,385.00,,,,,,
"""

NYC_HEADER = "year,month,day,sched_dep_time,dep_delay,sched_arr_time,arr_time,arr_delay,carrier,flight,tailnum,origin,dest"
# UA 15 to Honolulu lands the same local day; B6 915 leaves after midnight; DL 9 landed, but elsewhere; US 1 never left;
# EV 2 left the gate, and nothing more is known.
NYC = f"""{NYC_HEADER}
2013,7,1,1335,25,1812,1840,28,UA,15,N77066,EWR,HNL
2013,7,1,2029,212,2359,236,157,B6,915,N653JB,JFK,SFO
2013,7,1,1745,71,2126,104,,DL,9,N1,JFK,SFO
2013,7,1,600,,745,,,US,1,,LGA,CLT
2013,7,1,700,NA,900,NA,NA,US,3,NA,LGA,CLT
2013,7,1,800,12.0,900,,,EV,2,N2,EWR,BTV
"""


def dot_row(**values: object) -> str:
    """One line in the DOT form: an ordinary flight, with the given columns changed."""
    ordinary = dict(zip(DOT_HEADER.split(","), DOT.splitlines()[1].split(","), strict=True))
    unknown = set(values) - set(ordinary)
    assert not unknown, unknown
    return ",".join(str(value) for value in (ordinary | values).values())


def dot_file(*rows: str) -> bytes:
    """A file in the DOT form with these lines."""
    return "\n".join((DOT_HEADER, *rows, "")).encode()
