"""Filters for the service's logs."""

import logging


class WithoutTraceback(logging.Filter):
    """Let every record through, without its traceback: what strangers cause has no place in our code to look at."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Remove the traceback."""
        record.exc_info = record.exc_text = None
        return True
