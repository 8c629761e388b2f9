"""The console of operators: feeds, their inputs, and parked reports."""
