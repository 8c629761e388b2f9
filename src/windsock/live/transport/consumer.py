"""The Channels consumer at `ws/flight-delay/`: it admits clients, and connects ASGI to the hub."""

import asyncio
import logging
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from channels.consumer import AsyncConsumer
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from windsock.access import displays
from windsock.access.address import client_address
from windsock.access.lookup.single import anonymous_identity, identity_of_user
from windsock.access.rights import Identity
from windsock.access.session_cookie import cookie
from windsock.conf import config
from windsock.errors import ProtocolError
from windsock.live.admission import origin
from windsock.live.admission.lookups import SCOPE_KEY, IdentityLookups
from windsock.live.admission.overload import refuse_handshake
from windsock.live.core.connection_limits import SessionRefused
from windsock.live.core.frames import Batch
from windsock.live.service import LiveService
from windsock.live.transport import handover
from windsock.live.transport.asgi_outlet import AsgiOutlet, Send, close
from windsock.live.transport.handover import SocketOutlet
from windsock.protocol import close_reasons
from windsock.protocol.handshake import Offer, negotiate
from windsock.protocol.server_session import short

logger = logging.getLogger(__name__)

# How long to wait for a server to report the end of a connection that we closed.
FAREWELL_SECONDS = 10.0


class Denied(Exception):
    """The handshake is refused: HTTP 403, before the accept."""


class FlightDelayConsumer(AsyncConsumer):
    """Live flight-delay updates over one WebSocket. Route it behind `AuthMiddlewareStack`, or `SessionCookie`.

    A browser needs an allowed Origin: this host's own, or one of `WINDSOCK["ALLOWED_ORIGINS"]`, compared exactly and
    before anything else. A client that sends no Origin is not a browser; it is admitted by a bearer token or a ticket,
    and as a visitor where reading is public. A session cookie without an Origin counts for nothing: any site can make
    a browser send its cookies, but only the owner can send a token.

    It takes no part in Channels' groups; the process's bridge does (see `windsock.live.group.bridge`), once for all.
    """

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Serve one connection from handshake to end."""
        self.scope = scope
        message = await receive()
        if message["type"] != "websocket.connect":
            return
        service = await LiveService.running()
        if (why := service.gate.refuses(full=service.hub.full)) is not None:
            await refuse_handshake(scope, send, why)
            return
        try:
            offer = self.offer(scope)
            with service.gate:
                identity = await self.identify(scope, offer)
        except Denied as denied:
            logger.info("Connection refused: %s", denied)
            await send({"type": "websocket.close", "code": 4003, "reason": short(str(denied))})
            return
        except ProtocolError as error:
            # Accepted only to give the reason: before the accept a browser learns nothing.
            await send({"type": "websocket.accept"})
            await send(
                {
                    "type": "websocket.close",
                    "code": int(error.close_code or 4000),
                    "reason": short(error.message),
                }
            )
            return
        accept: dict[str, Any] = {"type": "websocket.accept", "subprotocol": offer.subprotocol}
        if service.settings.compress_messages and handover.offered(scope) is not None:
            accept[handover.DEFLATE] = True
        await send(accept)
        await self.serve(scope, receive, send, offer, identity)

    async def serve(self, scope: Any, receive: Any, send: Send, offer: Offer, identity: Identity) -> None:
        """Serve the accepted connection until it ends. Nothing of it stays, whatever ends it."""
        service = await LiveService.running()
        if await self.hand_over(service, scope, offer, identity):
            return
        here = asyncio.current_task()
        loop = asyncio.get_running_loop()
        farewell: list[asyncio.TimerHandle] = []

        def ended() -> None:
            if here is not None:
                farewell.append(loop.call_later(FAREWELL_SECONDS, here.cancel))

        outlet = AsgiOutlet(send, ended)
        try:
            conversation = await service.attach(
                outlet, identity, plain=offer.plain, address=client_address(scope)
            )
        except SessionRefused as refused:
            if refused.message is not None and not offer.plain:
                await send({"type": "websocket.send", "text": refused.message.text})
            await send(
                {"type": "websocket.close", "code": int(refused.code), "reason": short(refused.reason)}
            )
            return
        outlet.session = conversation.session
        try:
            conversation.open(self.topics(scope))
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    break
                frame = message.get("text")
                conversation.receive(frame if frame is not None else message.get("bytes") or b"")
        except Exception:
            logger.exception("A message could not be handled; closing its connection")
            outlet.gone()
            await close(send, handover.INTERNAL_ERROR, close_reasons.INTERNAL_ERROR)
        except asyncio.CancelledError:
            if not farewell:
                raise
        finally:
            for timer in farewell:
                timer.cancel()
            service.detach(conversation)
            outlet.gone()

    async def hand_over(self, service: LiveService, scope: Any, offer: Offer, identity: Identity) -> bool:
        """Hand the accepted socket to the hub where the server allows it; this consumer is then no longer needed."""
        take = handover.offered(scope)
        if take is None:
            return False
        outlet = SocketOutlet(service)
        if take(outlet) is None:
            return False
        try:
            conversation = await service.attach(
                outlet, identity, plain=offer.plain, address=client_address(scope)
            )
            outlet.begin(conversation, self.topics(scope))
        except SessionRefused as refused:
            if refused.message is not None and not offer.plain:
                outlet.write(Batch((refused.message,)))
            outlet.close(refused.code, short(refused.reason))
        except BaseException:
            outlet.abort()  # nothing else holds it
            raise
        return True

    # Admission, which a subclass may widen or narrow --------------------------------------------------------------

    def offer(self, scope: Any) -> Offer:
        """Return what the client offers by its subprotocols. Raises ProtocolError if none of them is ours."""
        return negotiate(scope.get("subprotocols") or ())

    def topics(self, scope: Any) -> list[str]:
        """Return the topics that a plain client asks for by `?topics=a,b`."""
        if not (given := scope.get("query_string")):
            return []
        query = parse_qs(given.decode("latin-1"))
        return [topic for value in query.get("topics", ()) for topic in value.split(",")]

    async def identify(self, scope: Any, offer: Offer) -> Identity:
        """Return the client's identity. Raises Denied: there is none, it may not read, or its origin is not allowed."""
        headers = {name.lower(): value for name, value in scope.get("headers") or ()}
        page = headers.get(b"origin")
        if page is not None and not self.page_allowed(scope, page.decode("latin-1"), headers):
            raise Denied(f"the origin {page.decode('latin-1')[:100]!r} is not allowed here")
        identity: Identity | None
        scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            identity = await IdentityLookups.for_loop().token(secret.strip())
        elif offer.ticket is not None:
            identity = await IdentityLookups.for_loop().ticket(offer.ticket)
        else:
            # A cookie counts only with an Origin that is allowed: a session's, or that of a display without a person.
            identity = await self._signed_in(scope) if page is not None else None
            if (
                identity is None
                and page is not None
                and (secret := cookie(scope.get("headers") or (), displays.COOKIE)) is not None
            ):
                identity = await IdentityLookups.for_loop().token(secret)
            identity = identity or anonymous_identity()
        if identity is None:
            raise Denied("not signed in, or the token or ticket is not valid")
        if not identity.may_read:
            raise Denied(f"{identity.name} may not read")
        return identity

    def page_allowed(self, scope: Any, page: str, headers: dict[bytes, bytes]) -> bool:
        """Return whether a page of this origin may open a socket here."""
        host = headers.get(b"host", b"").decode("latin-1")
        hosts = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
        secure = scope.get("scheme") in ("wss", "https")
        return _allowed(page, host, tuple(hosts), secure, tuple(config().allowed_origins))

    async def _signed_in(self, scope: Any) -> Identity | None:
        if SCOPE_KEY in scope:
            key = scope[SCOPE_KEY]
            return await IdentityLookups.for_loop().session(key) if key is not None else None
        user, session = scope.get("user"), scope.get("session")

        def look() -> Identity | None:
            return identity_of_user(user, session_key=getattr(session, "session_key", None))

        return await sync_to_async(look)()


@lru_cache(maxsize=256)  # the same few pages ask each time
def _allowed(page: str, host: str, hosts: tuple[str, ...], secure: bool, origins: tuple[str, ...]) -> bool:
    # A name that resolves to this server is not ours for that: without this check any page could rebind its name to us.
    own = host if validate_host(split_domain_port(host)[0], hosts) else ""
    return origin.allowed(page, host=own, secure=secure, origins=origins)
