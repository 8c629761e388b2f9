"""Every table of the app, gathered from the packages that own them, so that Django finds them."""

from windsock.access.models import *  # noqa: F403
from windsock.collect.models import *  # noqa: F403
from windsock.duties.models import *  # noqa: F403
from windsock.journal.models import *  # noqa: F403
from windsock.watchlist.models import *  # noqa: F403
