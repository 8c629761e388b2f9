"""The rules of the doors: who may read, who may publish, and how the refusal is worded."""

from windsock.access.identity import PUBLISH, Identity
from windsock.errors import AccessDenied


def require_read(identity: Identity | None) -> Identity:
    """The identity itself if it may read; raises AccessDenied otherwise."""
    if identity is None:
        raise AccessDenied("Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'.")
    if not identity.may_read:
        raise AccessDenied(f"{identity.name or 'This token'} may not read: its token lacks the scope 'read'.")
    return identity


def require_publish(identity: Identity | None) -> Identity:
    """The identity itself if it may publish; raises AccessDenied otherwise."""
    if identity is None or identity.is_anonymous:
        raise AccessDenied("Nobody is signed in. Sign in, or send 'Authorization: Bearer TOKEN'.")
    if not identity.may_publish:
        wanted = f"the permission {PUBLISH!r}"
        if identity.token_id is not None:
            wanted = "a token with the scope 'publish'" + (
                f", of a user with {wanted}" if identity.user_id is not None else ""
            )
        raise AccessDenied(f"{identity.name or 'This user'} may not publish: {wanted} is needed.")
    return identity
