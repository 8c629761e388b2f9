"""One-time sign-in links, as the demo prints in the terminal."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from windsock.access import tickets


def link(user: Any, base_url: str, *, next_path: str = "/", seconds: int | None = None) -> str:
    """An address that signs `user` in once and leads to `next_path`. Whoever has it is the user: guard it."""
    text = tickets.issue(user, "sign-in", seconds=seconds)
    address = f"{base_url.rstrip('/')}{reverse('windsock:sign-in-link', args=[text])}"
    return address if next_path == "/" else f"{address}?{urlencode({'next': next_path})}"
