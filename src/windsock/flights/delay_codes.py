"""Delay codes in our own short words; the source's raw code is always kept beside them."""


def reason_text(scheme: str, code: str) -> str | None:
    """Our short wording for a code, or None where we have none (AHM 732, free text, an airline's own)."""
    raise NotImplementedError
