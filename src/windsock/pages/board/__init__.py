"""The board of departures or arrivals of one airport."""
