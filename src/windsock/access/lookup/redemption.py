"""Redeem tickets: mark them as used, and return who each was for, with the rights of this moment.

One conditional UPDATE decides which of them still count, however many processes try at once. Where a single statement
can load everything (`session_users.can_use_single_query`), that UPDATE also returns token, user and session; elsewhere
they are loaded after it. Both give the same `_Redeemed`, and `access.rights` makes the identity of it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db import connections, router, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from windsock.access import rights, secrets
from windsock.access.lookup import bulk, session_users
from windsock.access.lookup.publish_permission import with_publish_permission
from windsock.access.lookup.single import person_of
from windsock.access.models import Ticket, TicketPurpose, Token
from windsock.access.rights import Identity, Person

Convert = Callable[[Any], Any]

_TOKEN_FIELDS = ("name", "scopes", "expires_at", "revoked_at", "user_id", "source", "speaks_for")
"""The token's columns that the single statement returns, in this order."""


class _Redeemed(NamedTuple):
    """A ticket that was just used, with what decides about its bearer's rights."""

    digest: str
    session_key: str
    token: Token | None
    owner: Person | None
    person: Person | None
    signed_in: Identity | None


def redeem_all(
    texts: Collection[str], purpose: TicketPurpose, now: datetime | None = None
) -> dict[str, Identity]:
    """Return who these tickets are for, each exactly once.

    Leaves out a ticket that is unknown, used, expired or for another purpose, and one whose bearer has no rights left.
    """
    moment = now or timezone.now()
    by_digest = {
        secrets.digest(text): text for text in texts if secrets.well_formed(text, secrets.TICKET_MARK)
    }
    alias = router.db_for_write(Ticket)
    redeem = _redeem_in_one_statement if session_users.can_use_single_query(alias) else _redeem_and_load
    found: dict[str, Identity] = {}
    for digests in bulk.in_chunks(sorted(by_digest)):  # sorted: two processes must not lock crosswise
        for ticket in redeem(alias, digests, purpose, moment):
            identity = rights.of_ticket(
                token=ticket.token,
                owner=ticket.owner,
                session_key=ticket.session_key,
                signed_in=ticket.signed_in,
                person=ticket.person,
                now=moment,
            )
            if identity is not None:
                found[by_digest[ticket.digest]] = identity
    return found


def _mark_used(
    alias: str,
    digests: Collection[str],
    purpose: str,
    now: datetime,
    columns: str,
    parameters: Collection[Any] = (),
) -> list[Any]:
    """Mark those tickets as used that still can be, and return these columns of them."""
    connection = connections[alias]
    at = connection.ops.adapt_datetimefield_value(now)
    marks = ",".join(["%s"] * len(digests))
    table = connection.ops.quote_name(Ticket._meta.db_table)
    with connection.cursor() as cursor:
        # A single statement is its own transaction: no BEGIN, no COMMIT to wait for.
        cursor.execute(
            f"UPDATE {table} SET used_at = %s WHERE digest IN ({marks}) AND purpose = %s "
            f"AND used_at IS NULL AND expires_at > %s RETURNING {columns}",
            [at, *digests, purpose, at, *parameters],
        )
        return list(cursor.fetchall())


# Mark first, then load --------------------------------------------------------------------------------------------


def _redeem_and_load(
    alias: str, digests: Collection[str], purpose: str, now: datetime
) -> Iterable[_Redeemed]:
    with transaction.atomic(using=alias):
        if connections[alias].features.can_return_columns_from_insert:
            numbers = [row[0] for row in _mark_used(alias, digests, purpose, now, "id")]
        else:
            numbers = _mark_each_used(alias, digests, purpose, now)
        tickets = list(Ticket.objects.using(alias).select_related("token__user").filter(pk__in=numbers))
    signed_in = bulk.by_session_keys({ticket.session_key for ticket in tickets if ticket.session_key}, now)
    users = bulk.active_users(
        {str(ticket.user_id) for ticket in tickets if ticket.token is None and not ticket.session_key}
    )
    for ticket in tickets:
        yield _Redeemed(
            ticket.digest,
            ticket.session_key,
            ticket.token,
            owner=person_of(ticket.token.user) if ticket.token is not None else None,
            person=person_of(*users.get(str(ticket.user_id), (None, None))),
            signed_in=signed_in.get(ticket.session_key),
        )


def _mark_each_used(alias: str, digests: Collection[str], purpose: str, now: datetime) -> list[int]:
    """Do what `_mark_used` does, one by one, for a host's database that cannot return what it updated."""
    used = []
    for digest in digests:
        ticket = Ticket.objects.using(alias).filter(digest=digest)
        if ticket.filter(purpose=purpose, used_at=None, expires_at__gt=now).update(used_at=now):
            used.append(ticket.values_list("pk", flat=True).get())
    return used


# Mark and load in one statement -----------------------------------------------------------------------------------


def _redeem_in_one_statement(
    alias: str, digests: Collection[str], purpose: str, now: datetime
) -> Iterable[_Redeemed]:
    columns, parameters, converts = _returning(alias, get_user_model(), settings.SESSION_ENGINE)
    for digest, *row in _mark_used(alias, digests, purpose, now, columns, parameters):
        values = [convert(value) if convert else value for convert, value in zip(converts, row, strict=True)]
        yield _from_row(str(digest), values, now)


def _from_row(digest: str, row: list[Any], now: datetime) -> _Redeemed:
    user_id, token_id, session_key, name, may_publish, password, data, ends = row[:8]
    token = owner = person = signed_in = None
    if token_id is not None:
        *values, active, publishes = row[8:]
        token = Token(id=token_id, **dict(zip(_TOKEN_FIELDS, values, strict=True)))
        # Only active users were searched, so an owner who was found is active.
        owner = None if active is None else Person(token.user_id, "", True, lambda: bool(publishes))
    elif name is not None:
        person = Person(user_id, name, True, lambda: bool(may_publish))
        if session_key:
            model = get_user_model()
            stored = _session_reader().decode(data) if data and ends > now else {}
            user = model(pk=user_id, password=password)
            is_owner = stored.get(SESSION_KEY) == model._meta.pk.value_to_string(user)
            if is_owner and bulk.session_is_valid(user, stored):
                signed_in = rights.of_person(person, session_key=session_key)
    return _Redeemed(digest, session_key, token, owner, person, signed_in)


def _session_reader() -> Any:
    from django.contrib.sessions.backends.db import SessionStore

    return SessionStore()


@lru_cache(maxsize=8)
def _returning(alias: str, model: Any, engine: str) -> tuple[str, list[Any], list[Convert | None]]:
    """Return the RETURNING clause, its parameters, and the converter of each column after the digest."""
    from django.contrib.sessions.models import Session  # an error where the app is not installed

    quote = connections[alias].ops.quote_name
    table = quote(Ticket._meta.db_table)

    def of_ticket(column: str) -> RawSQL:
        return RawSQL(f"{table}.{quote(column)}", ())

    people = with_publish_permission(model._default_manager.using(alias).filter(is_active=True))
    users = people.filter(pk=of_ticket("user_id"))
    # A token's user is found through the token; both may be the same.
    tokens = Token.objects.using(alias).order_by().filter(pk=of_ticket("token_id"))
    owners = people.filter(pk__in=tokens.values("user_id"))
    # What RETURNING gives has no type for SQLite, which then scans all sessions for each ticket. Hence the cast, and
    # hence `_from_row` compares the session's end.
    key = RawSQL(f"CAST({table}.{quote('session_key')} AS varchar(40))", ())
    sessions = Session.objects.using(alias).filter(session_key=key)
    subqueries: list[QuerySet[Any, Any]] = [
        users.values_list(model.USERNAME_FIELD),
        users.values_list("windsock_may_publish"),
        users.values_list("password"),
        sessions.values_list("session_data"),
        sessions.values_list("expire_date"),
        *(tokens.values_list(column) for column in _TOKEN_FIELDS),
        owners.values_list("pk"),
        owners.values_list("windsock_may_publish"),
    ]
    own = ("digest", "user_id", "token_id", "session_key")
    columns, parameters = [f"{table}.{quote(column)}" for column in own], []
    converts: list[Convert | None] = [model._meta.pk.to_python, None, None]
    for query in subqueries:
        compiler = query.order_by().query.get_compiler(using=alias)
        sql, given = compiler.as_sql()
        columns.append(f"({sql})")
        parameters += given
        converts.append(_conversion(alias, compiler.get_converters([compiler.select[0][0]])))
    return ", ".join(columns), parameters, converts


def _conversion(alias: str, found: Mapping[int, tuple[list[Any], Any]]) -> Convert | None:
    if not found:
        return None
    ((converters, expression),) = found.values()

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connections[alias])
        return value

    return convert
