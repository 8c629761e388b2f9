"""The durable, totally ordered, gap-free record of what happened to flights."""
