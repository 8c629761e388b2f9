"""`{% own_account_address as address %}`: where the reader's own account is, where Windsock has one."""

from django import template
from django.urls import reverse

from windsock.pages.account.own import signs_in_here

register = template.Library()


@register.simple_tag
def own_account_address() -> str:
    """Return the address of the account's page; "" where the host project has accounts of its own."""
    return reverse("windsock:account") if signs_in_here() else ""
