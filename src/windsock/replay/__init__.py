"""Replay past days: read them, cut them into the reports of their sources, and play them on a simulated clock."""
