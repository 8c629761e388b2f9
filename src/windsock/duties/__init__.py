"""Work beside the requests: each duty runs in exactly one process among all nodes, taken over when that one dies.

A `Duty` is a name and its `Work`; a `Runner` takes the lease of each duty it is given (`lease`), calls the work on
threads of its own, and reports how it goes in one row per duty (`models`). Packages that have duties add them to the
`registry`; `health` says which of them nobody runs.
"""

from windsock.duties.duty import Duty, Work

__all__ = ["Duty", "Work"]
