"""The page of one flight: where it stands, what happened, and why we believe it."""
