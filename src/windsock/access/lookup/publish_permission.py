"""Load users together with their permission to publish, in the query that finds them."""

from typing import Any

from django.contrib.auth import get_backends, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db.models import Exists, OuterRef, Q, QuerySet

from windsock.access.rights import PUBLISH


def uses_django_permissions() -> bool:
    """Return whether users and permissions come from Django's own tables, by Django's own rules."""
    inherited = ("get_user", "has_perm", "_get_permissions", "get_all_permissions", "user_can_authenticate")
    return issubclass(get_user_model(), PermissionsMixin) and all(
        isinstance(backend, ModelBackend)
        and all(getattr(type(backend), name) is getattr(ModelBackend, name) for name in inherited)
        for backend in get_backends()
    )


def users_are_plain_rows() -> bool:
    """Return whether a user is just a row: Django derives its name and session hash from the columns."""
    model = get_user_model()
    inherited = ("get_username", "get_session_auth_hash", "get_session_auth_fallback_hash")
    return (
        uses_django_permissions()
        and "is_active" in {field.name for field in model._meta.concrete_fields}
        and all(getattr(model, name) is getattr(AbstractBaseUser, name) for name in inherited)
    )


def with_publish_permission(users: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Annotate each of these users with `windsock_may_publish`."""
    label, _, codename = PUBLISH.partition(".")
    allowed = Permission.objects.filter(codename=codename, content_type__app_label=label).filter(
        Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk"))
    )
    annotated: QuerySet[Any, Any] = users.annotate(
        windsock_may_publish=Q(is_superuser=True) | Q(Exists(allowed))
    )
    return annotated
