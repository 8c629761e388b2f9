"""The bytes of a text as its parser expects them, whatever mark an editor or shell of Windows put before them."""

from windsock.errors import FeedError

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def unmarked(data: bytes, encoding: str = "utf-8") -> bytes:
    """Return `data` without its byte-order mark; text in UTF-16, which has one, is returned in `encoding`.

    Raise FeedError for what begins as UTF-16 and is not.
    """
    if data.startswith(UTF_8_MARK):
        return data[len(UTF_8_MARK) :]
    if not data.startswith(UTF_16_MARKS):
        return data
    try:
        return data.decode("utf-16").encode(encoding, "replace")
    except UnicodeDecodeError as error:
        raise FeedError(
            f"The input begins with the byte-order mark of UTF-16, but byte {error.start} is not UTF-16. Send UTF-8."
        ) from None


def unmarked_lines(data: bytes, encoding: str = "utf-8") -> bytes:
    """Return `data` as `unmarked` does, also without the marks between files that were concatenated."""
    return unmarked(data, encoding).replace(b"\n" + UTF_8_MARK, b"\n")
