"""What is wrong when a channel layer fails, with the cure: Redis says it in words that few recognise. Pure."""

import ssl

UNREACHABLE = "Start Redis (or Valkey), or correct REDIS_URL."


def explain(error: BaseException) -> str:
    """Return what the error means and what to do about it, and the error's own words."""
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{meaning(error)} ({type(error).__name__}: {text})"


def meaning(error: BaseException) -> str:
    """Return the same without the error's own words."""
    return _cause(error, " ".join(str(error).lower().split()))


def _cause(error: BaseException, low: str) -> str:
    if "no permissions to run" in low or "noperm" in low or "can't run this command" in low:
        return (
            "The user in REDIS_URL may not do all that channels-redis needs, scripts above all. "
            "Allow it: ACL SETUSER <user> +@all -@admin -@dangerous +eval +evalsha +script ~* &*."
        )
    if any(
        word in low
        for word in ("wrongpass", "noauth", "invalid username-password", "authentication required")
    ):
        return "Redis does not accept the user or password in REDIS_URL."
    if "readonly" in low or "read only replica" in low:
        return "REDIS_URL names a replica, which takes no writes. Name the primary."
    if "must specify one of the following schemes" in low:
        return (
            "REDIS_URL has to begin with redis://, rediss:// or unix://. Sentinels are not named by a URL: set "
            "CHANNEL_LAYERS in settings of your own, see channels-redis."
        )
    if _is_tls(error, low):
        if "certificate" in low:
            return "The certificate of Redis is not trusted. Give its authority with ?ssl_ca_certs=… in REDIS_URL."
        return "TLS and plain text meet: use rediss:// for a port with TLS, redis:// for one without."
    if "timeout" in low or "timed out" in low:
        return (
            "Redis does not answer in time: it stands still, a firewall drops what is sent, or rediss:// meets a port "
            "without TLS (redis:// for one without)."
        )
    if "oom command not allowed" in low:
        return "Redis has no memory left (maxmemory)."
    if any(word in low for word in ("name or service not known", "name resolution", "nodename nor servname")):
        return "The host name in REDIS_URL is not known."
    if "connection closed by server" in low or "connection reset" in low:
        return (
            f"Redis ended the connection; a port with TLS does so to redis:// (use rediss://). {UNREACHABLE}"
        )
    return UNREACHABLE


def _is_tls(error: BaseException | None, low: str) -> bool:
    seen = 0
    while error is not None and seen < 5:
        if isinstance(error, ssl.SSLError):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return "ssl" in low or "certificate" in low
