"""Users with their right to publish, as part of the question that finds them."""

from typing import Any

from django.contrib.auth import get_backends, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db.models import Exists, OuterRef, Q, QuerySet

from windsock.access.identity import PUBLISH


def django_decides() -> bool:
    """Whether users and rights come from Django's own tables by Django's own rules."""
    own = ("get_user", "has_perm", "_get_permissions", "get_all_permissions", "user_can_authenticate")
    return issubclass(get_user_model(), PermissionsMixin) and all(
        isinstance(backend, ModelBackend)
        and all(getattr(type(backend), name) is getattr(ModelBackend, name) for name in own)
        for backend in get_backends()
    )


def plain_users() -> bool:
    """Whether a user is but a row: its name, password and session hash are what Django makes of the columns."""
    model = get_user_model()
    own = ("get_username", "get_session_auth_hash", "get_session_auth_fallback_hash")
    return (
        django_decides()
        and "is_active" in {field.name for field in model._meta.concrete_fields}
        and all(getattr(model, name) is getattr(AbstractBaseUser, name) for name in own)
    )


def with_rights(users: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """These users, each with `windsock_may_publish`."""
    label, _, codename = PUBLISH.partition(".")
    allowed = Permission.objects.filter(codename=codename, content_type__app_label=label).filter(
        Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk"))
    )
    found: QuerySet[Any, Any] = users.annotate(windsock_may_publish=Q(is_superuser=True) | Q(Exists(allowed)))
    return found
