"""The reasons of closes: each fits into a close frame, and says what to do where that is not obvious."""

import pytest

from windsock.protocol import close_reasons

REASONS = {
    **{name: value for name, value in vars(close_reasons).items() if name.isupper()},
    "too_many_connections": close_reasons.too_many_connections(1_000_000, "address"),
    "too_many_frames": close_reasons.too_many_frames(1_000_000),
    "reader_stuck": close_reasons.reader_stuck(86_400.5),
    "message_too_big": close_reasons.message_too_big(2**40),
}


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_fits_into_a_close_frame(name: str) -> None:
    reason = REASONS[name]
    assert 0 < len(reason.encode()) <= 123, "RFC 6455, 5.5.1: 125 bytes, two of which are the code"
    assert reason == reason.strip() and not reason.endswith(".")


def test_every_function_of_the_module_is_tried() -> None:
    functions = {
        name
        for name, value in vars(close_reasons).items()
        if callable(value) and getattr(value, "__module__", "") == close_reasons.__name__
    }
    assert functions <= REASONS.keys()
