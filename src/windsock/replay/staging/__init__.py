"""What the demo adds to a real day, so that every part of a board has something to show.

The two shipped days hold departures from New York, with times and registrations, and nothing else. Everything here is
derived from those flights by fixed rules, and reported under a source of its own, `staged`: the page of a flight
names it beside each fact, so that nobody takes it for data. The same flights always give the same additions.
"""

from windsock.replay.staging.incidents import Message
from windsock.replay.staging.reports import SOURCE
from windsock.replay.staging.stage import Staging, stage

__all__ = ["SOURCE", "Message", "Staging", "stage"]
