"""What processes need of each other: the channel layer, the duties, the secret key that all of them share."""

from collections.abc import Iterator

from windsock.cli.diagnosis.finding import Finding


def channel_layer() -> Iterator[Finding]:
    from channels.layers import channel_layers

    from windsock.conf import config

    alias = config().channel_layer
    if alias not in channel_layers.configs:
        yield Finding(
            "channel layer",
            "warning",
            f"settings.CHANNEL_LAYERS has no {alias!r}: updates between processes take up to a second",
            'CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}} or channels_redis',
        )
        return
    layer = channel_layers[alias]
    kind = type(layer).__name__
    try:
        _round_trip(layer)
    except Exception as error:
        from windsock.live.group.layer_faults import meaning

        yield Finding(
            "channel layer",
            "wrong",
            f"{kind} does not work: {str(error) or type(error).__name__}",
            f"{meaning(error)} Until then updates between processes take up to a second.",
        )
        return
    if kind == "InMemoryChannelLayer":
        yield Finding(
            "channel layer",
            "ok",
            "in memory: right for one process; other processes learn of events within a second",
        )
    else:
        yield Finding("channel layer", "ok", f"{kind} answers")


def _round_trip(layer: object) -> None:
    """Send a message through the layer and receive it; raise if that fails or takes longer than 3 seconds."""
    import asyncio

    async def there_and_back() -> None:
        name = await layer.new_channel()  # type: ignore[attr-defined]
        await layer.send(name, {"type": "windsock.doctor"})  # type: ignore[attr-defined]
        await layer.receive(name)  # type: ignore[attr-defined]
        close = getattr(layer, "close_pools", None)
        if close is not None:
            await close()

    asyncio.run(asyncio.wait_for(there_and_back(), timeout=3))


def duties() -> Iterator[Finding]:
    from windsock.duties import health, registry

    names = list(registry.expected().values())
    said = health.complaint()
    if said is None:
        yield Finding("duties", "ok", f"running: {', '.join(names)}")
        return
    found, _, cure = said.partition(". ")
    yield Finding("duties", "warning", found, cure)


def secret_key() -> Iterator[Finding]:
    from windsock.access import key_fingerprints

    said = key_fingerprints.complaint()
    if said is None:
        known = key_fingerprints.fingerprint()
        yield Finding("secret key", "ok", f"the same in every process; fingerprint {known}")
        return
    yield Finding(
        "secret key", "wrong", said.removesuffix(key_fingerprints.CURE).strip(), key_fingerprints.CURE
    )
