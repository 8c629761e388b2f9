"""Filters for the service's logs."""

import logging


class WithoutTraceback(logging.Filter):
    """Let every record through without its traceback: an error that strangers cause does not point into our code."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the traceback."""
        record.exc_info = record.exc_text = None
        return True
