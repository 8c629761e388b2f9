"""Sign in by password with a limit on failures, on the sign-in page and in the admin alike."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from windsock.access import passwords
from windsock.access.http import address_of


class LimitedBackend(ModelBackend):
    """Django's own backend, which refuses after too many wrong passwords for one name from one address.

    Put it before every other in AUTHENTICATION_BACKENDS. While it refuses, the right password fails too: a password,
    unlike a token, can be guessed. Other addresses are not affected, so nobody can lock out somebody else.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user; raise PermissionDenied, which ends the attempt, for a wrong password or too many of them."""
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        checked = getattr(request, passwords.CHECKED, None)
        if checked is not None and checked.name == username:
            return self._checked(checked)
        address = address_of(request)
        if passwords.begin(address, username) is not None:
            raise PermissionDenied("Too many wrong passwords; wait a few minutes.")
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            raise PermissionDenied("Wrong name or password.")
        passwords.succeeded(address, username)
        return user

    def _checked(self, checked: passwords.Checked) -> Any:
        """Return the user whose password was checked before, in the passwords' own thread."""
        user: Any = None
        if checked.right:
            user = get_user_model()._default_manager.get_by_natural_key(checked.name)
        if user is None or not self.user_can_authenticate(user):
            raise PermissionDenied("Wrong name or password.")
        return user
