"""POST /feeds/{name}: receive input that sources push (alerts, webhooks, telexes, AIDX).

The body is in the feed's own format, not our JSON, so this is a plain view beside the API's operations. The sender
authenticates by a token that may publish, by a Standard Webhooks signature, or, if it can do neither, by the feed's
secret as the last part of the address.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from windsock.access.failover_cache import cache
from windsock.access.http import address_of, identity_of_bearer
from windsock.access.limits import FEED_FAILURES
from windsock.access.rights import require_publish
from windsock.api.bodies import read
from windsock.api.problems import HttpProblem
from windsock.collect.intake import Intake, IntakeResult
from windsock.collect.models import FeedInput, FeedState
from windsock.conf import config
from windsock.errors import AccessDenied, ConfigError, JournalUnavailable
from windsock.feeds.configuration import FeedSettings
from windsock.feeds.configuration import read as read_feeds
from windsock.ingest import pipeline

logger = logging.getLogger(__name__)

SIGNED = "webhook:"
"""Prefix of the sender of a signed input; the digest of its webhook id follows."""

REMEMBERED = timedelta(minutes=15)
"""A signature is valid for five minutes; a message sent again within that time must not be recorded twice."""

CLAIM_SECONDS = 60
"""A message whose process died while processing it may be sent again after this long."""

MAX_FAULTS = 20
"""Faults listed in a response; the console has more."""


@csrf_exempt  # a cookie does not authenticate anybody here
async def receive(request: HttpRequest, name: str, secret: str | None = None) -> HttpResponse:
    """Process an input; respond with the outcome after the commit."""
    try:
        return await sync_to_async(_receive, thread_sensitive=False)(request, name, secret)
    except HttpProblem as problem:
        return problem.response()
    except AccessDenied as error:
        return HttpProblem(403, "forbidden", str(error)).response()
    except JournalUnavailable as error:
        text = f"{error} Send the input again."
        return HttpProblem(503, "journal_unavailable", text, retry_after=2).response()
    except ConfigError as error:
        logger.warning("Feed %s cannot accept input: %s", name, error)
        text = f"Feed {name!r} is misconfigured; the server's log and `windsock doctor` name what is missing."
        return HttpProblem(503, "feed_not_set_up", text, retry_after=60).response()
    except Exception:
        logger.exception("Feed %s: internal error while processing an input", name)
        text = (
            "Internal error: Windsock could not process this input. The console shows the feed as failing, with the "
            "error; its operator can reprocess the input once the error is fixed."
        )
        return HttpProblem(500, "internal_error", text).response()


def _receive(request: HttpRequest, name: str, secret: str | None) -> HttpResponse:
    if request.method != "POST":
        raise HttpProblem(
            405,
            "method_not_allowed",
            f"Method {request.method} is not allowed here; use POST.",
            headers={"Allow": "POST"},
            expected="POST",
        )
    body = read(request, config().max_body_bytes)
    settings = _feeds().get(name)
    sender = _admit(request, settings, secret, body)
    if settings is None or not settings.enabled:
        raise HttpProblem(404, "no_such_feed", f"No feed named {name[:64]!r} is configured.")
    if FeedState.objects.filter(name=name, paused=True).exists():
        raise HttpProblem(
            503, "feed_paused", f"Feed {name!r} is paused. Send the input again later.", retry_after=60
        )
    if sender is None or not sender.startswith(SIGNED):
        return _answer(settings, body, _intake(settings).take(body, entrance="webhook", sender=sender))
    with _one_at_a_time(name, sender):
        if (before := _taken_before(name, sender)) is not None:
            return _repeated(before)
        return _answer(settings, body, _intake(settings).take(body, entrance="webhook", sender=sender))


def _answer(settings: FeedSettings, body: bytes, taken: IntakeResult) -> HttpResponse:
    answer = settings.format.hooks.acknowledgement
    if answer is not None and taken.received_at is not None and not taken.error:
        return HttpResponse(
            answer(body, taken.parsed, received_at=taken.received_at), content_type="application/xml"
        )
    return _outcome(taken)


def _admit(
    request: HttpRequest, settings: FeedSettings | None, secret: str | None, body: bytes
) -> str | None:
    """Check that the sender may send here; return who it is where that is known. Raise HttpProblem or AccessDenied.

    Only a sender who may publish learns that a feed does not exist.
    """
    if request.headers.get("Authorization") is not None:
        identity = identity_of_bearer(request)
        if identity is None:
            raise AccessDenied("Nobody is signed in.")
        return require_publish(identity).reporter
    who = address_of(request)
    if (wait := FEED_FAILURES.retry_after(who)) is not None:
        raise _too_many(wait)
    ours = None if settings is None else settings.webhook_secret()
    if ours is not None and secret is not None and constant_time_compare(secret, ours):
        return None
    if ours is not None and secret is None and _signed(request, ours, body):
        return SIGNED + hashlib.sha256(request.headers["webhook-id"].encode()).hexdigest()[:32]
    wait = FEED_FAILURES.count(who)
    if wait is not None:
        raise _too_many(wait)
    raise HttpProblem(
        401,
        "not_authenticated",
        "Send 'Authorization: Bearer TOKEN' with a token that may publish, a Standard Webhooks signature made with the "
        "feed's secret, or the feed's secret as the last part of the address.",
    )


def _too_many(wait: int) -> HttpProblem:
    text = f"Too many wrong secrets came from your address. Use a token, or try again in {wait} seconds."
    return HttpProblem(429, "too_many_failures", text, retry_after=wait)


def _signed(request: HttpRequest, secret: str, body: bytes) -> bool:
    if "webhook-signature" not in request.headers:
        return False
    try:
        from standardwebhooks import Webhook, WebhookVerificationError
    except ModuleNotFoundError:
        raise HttpProblem(
            501,
            "not_installed",
            "Signatures need the package standardwebhooks. Run: pip install 'windsock[server]'",
        ) from None
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        Webhook(secret).verify(body.decode(), headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # ValueError: a secret that is not base64, a body or signature that is not text.
        return False
    return True


@contextmanager
def _one_at_a_time(name: str, sender: str) -> Iterator[None]:
    """Raise HttpProblem 503 while another copy of the same message is being processed, here or in another process."""
    key = f"windsock:webhook:{name}:{sender.removeprefix(SIGNED)}"
    if not cache.add(key, 1, timeout=CLAIM_SECONDS):
        text = "A message with this webhook-id is being processed. Send it again later; it is recorded only once."
        raise HttpProblem(503, "message_under_way", text, retry_after=2)
    try:
        yield
    finally:
        cache.delete(key)


def _taken_before(name: str, sender: str) -> FeedInput | None:
    """Return the recorded input with the same webhook id, as long as its signature is still valid."""
    since = timezone.now() - REMEMBERED
    inputs = FeedInput.objects.filter(feed=name, entrance="webhook", sender=sender, received_at__gte=since)
    done = Q(recorded__gt=0) | Q(parked__gt=0) | Q(fault_count__gt=0) | ~Q(error="")
    return inputs.filter(done).defer("body").first()


def _repeated(before: FeedInput) -> HttpResponse:
    document = {
        "input": before.pk,
        "recorded": before.recorded,
        "changed": before.changed,
        "parked": before.parked,
        "faults": [],
        "fault_count": before.fault_count,
        "repeated": True,
    }
    return HttpResponse(
        msgspec.json.encode(document),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _outcome(taken: IntakeResult) -> HttpResponse:
    document: dict[str, Any] = {
        "input": taken.input_id,
        "recorded": taken.recorded,
        "changed": taken.changed,
        "parked": taken.parked,
        "faults": [
            {"where": str(fault.path or fault.line or ""), "message": fault.message}
            for fault in taken.faults[:MAX_FAULTS]
        ],
        "fault_count": len(taken.faults),
    }
    if taken.error:
        return HttpProblem(422, "unreadable_input", taken.error, **document).response()
    return HttpResponse(
        msgspec.json.encode(document),
        status=207 if taken.faults else 200,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _feeds() -> dict[str, FeedSettings]:
    return read_feeds(config().feeds)


def _intake(settings: FeedSettings) -> Intake:
    return Intake(settings.name, settings.format.parser(settings.source, settings.options), pipeline())
