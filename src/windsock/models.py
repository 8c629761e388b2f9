"""All of Windsock's tables, for Django to find: one app, one line of migrations."""

from windsock.access.models import Ticket, Token

__all__ = ["Ticket", "Token"]
