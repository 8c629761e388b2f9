"""The right to publish: tokens and the permission."""

from collections.abc import Iterator

from windsock.cli.diagnosis.database import migrate_command
from windsock.cli.diagnosis.finding import Finding


def tokens() -> Iterator[Finding]:
    from django.utils import timezone

    from windsock.access.models import Token
    from windsock.conf import config
    from windsock.flights.sources import first_alike

    now = timezone.now()
    reserved = config().feed_sources
    taken = [
        token
        for token in Token.objects.exclude(source="")
        if token.is_valid(now) and first_alike(token.source, reserved) is not None
    ]
    if taken:
        shown = ", ".join(f"{token.prefix} ({token.source})" for token in taken[:5])
        yield Finding(
            "tokens",
            "wrong",
            f"{len(taken)} report as a source that is a feed's now, and all their reports are refused: {shown}",
            "Give the feed another source in its settings, or replace the tokens: windsock token create NAME --scope "
            "publish --source SOURCE",
        )
    free = [token for token in Token.objects.all() if token.is_valid(now) and "*" in token.speaks_for]
    if free:
        shown = ", ".join(token.prefix for token in free[:5]) + (" …" if len(free) > 5 else "")
        yield Finding(
            "tokens",
            "warning",
            f"{len(free)} may report as any source: {shown}",
            "Replace each with one for named sources: windsock token create NAME --scope publish --speaks-for SOURCE",
        )


def permission() -> Iterator[Finding]:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Permission

    exists = Permission.objects.filter(codename="publish", content_type__app_label="windsock").exists()
    if not exists:
        yield Finding("permission", "wrong", "windsock.publish does not exist", migrate_command())
        return
    model = get_user_model()
    members = model._default_manager.filter(is_active=True).count()
    with_perm = getattr(model._default_manager, "with_perm", None)
    if with_perm is None:
        yield Finding("permission", "ok", f"windsock.publish exists; {members} active users")
        return
    publishers = with_perm("windsock.publish", backend="django.contrib.auth.backends.ModelBackend").count()
    yield Finding(
        "permission", "ok", f"{publishers} of {members} active users may publish (windsock.publish)"
    )
