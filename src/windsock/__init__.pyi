# For type checkers: the names that __init__.py loads on first use. tests/docs/test_stable.py compares the two.
from windsock.asgi import add_windsock
from windsock.errors import WindsockError
from windsock.ingest import Recorded, Rejected, Result, arecord, record

__version__: str

__all__ = [
    "Recorded",
    "Rejected",
    "Result",
    "WindsockError",
    "__version__",
    "add_windsock",
    "arecord",
    "record",
]
