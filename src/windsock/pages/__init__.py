"""Boards and flight pages for people."""
