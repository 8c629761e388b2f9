"""What is known of a flight, pure and typed: identity, reports, merging, changes, delay, status."""
