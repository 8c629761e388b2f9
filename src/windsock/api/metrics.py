"""/metrics: the figures of prometheus-client for this process, and the journal's head and floor."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from windsock import journal
from windsock.access.http import identity_of_request
from windsock.api.problems import HttpProblem
from windsock.errors import JournalError
from windsock.figures import Figure

if TYPE_CHECKING:
    from prometheus_client.core import Metric


Figures = Callable[[], Iterable[Figure]]
_sources: list[Figures] = []


def add_figures(figures: Figures) -> None:
    """Add another part's figures. `figures` is called at each scrape, in a thread, and must be quick."""
    if figures not in _sources:
        _sources.append(figures)


async def view(request: HttpRequest) -> HttpResponse:
    """Return the metrics as text, to a client on this machine or one who may read."""
    return await sync_to_async(_answer)(request)


def count_reports(recorded: int, rejected: int) -> None:
    """Count the reports of a request. Does nothing where prometheus-client is not installed."""
    counter = _counter()
    if counter is not None:
        counter.labels("recorded").inc(recorded)
        counter.labels("rejected").inc(rejected)


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        asker = None if _local(request) else identity_of_request(request)
    except HttpProblem as problem:
        return problem.response()
    if not _local(request) and (asker is None or not asker.may_read or asker.is_anonymous):
        return HttpProblem(
            401,
            "not_authenticated",
            "Metrics are readable from this machine, or with 'Authorization: Bearer TOKEN'.",
        ).response()
    try:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
    except ModuleNotFoundError:
        return HttpProblem(
            501, "no_metrics", "prometheus-client is not installed. Run: pip install prometheus-client"
        ).response()
    _counter(), _collector()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _local(request: HttpRequest) -> bool:
    """Return whether the scraper is on this machine. A request through a proxy does not count."""
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ip_address(str(request.META.get("REMOTE_ADDR", ""))).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def _counter() -> Any:
    try:
        from prometheus_client import Counter
    except ModuleNotFoundError:
        return None
    return Counter("windsock_http_reports", "Reports received over REST.", ["outcome"])


@lru_cache(maxsize=1)
def _collector() -> Any:
    from prometheus_client import REGISTRY
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector

    class WindsockCollector(Collector):
        """Collect the journal's head and floor and the other parts' figures at each scrape."""

        def collect(self) -> "Iterator[Metric]":
            try:
                head = journal.current().head()
            except (JournalError, DatabaseError):
                pass  # no figure is better than a wrong one; /readyz reports what is wrong
            else:
                yield GaugeMetricFamily(
                    "windsock_journal_head_offset", "Offset of the newest event.", value=head.offset
                )
                yield GaugeMetricFamily(
                    "windsock_journal_floor_offset", "Events up to this offset were pruned.", value=head.floor
                )
            families: dict[str, Metric] = {}
            for figure in (figure for source in _sources for figure in source()):
                family = families.get(figure.name)
                if family is None:
                    kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
                    family = families[figure.name] = kind(
                        figure.name, figure.help, labels=list(figure.labels)
                    )
                family.add_metric(list(figure.labels.values()), figure.value)  # type: ignore[attr-defined]
            yield from families.values()

        def describe(self) -> "list[Metric]":
            return []

    collector = WindsockCollector()
    REGISTRY.register(collector)
    return collector
