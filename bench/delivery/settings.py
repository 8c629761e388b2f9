"""The ready-made service's settings, for ten thousand connections of one and the same user."""

from windsock.service.settings import *  # noqa: F403
from windsock.service.settings import WINDSOCK

WINDSOCK |= {"MAX_CONNECTIONS_PER_USER": 50_000}
