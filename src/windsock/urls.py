"""What a host project includes: `path("", include("windsock.urls"))`. The API, the live stream and the pages.

Parts that do not import each other meet here: the health and figures of live delivery and of feeds are registered with
readiness and metrics.
"""

from django.urls import URLPattern, URLResolver, include, path

from windsock.access import key_fingerprints
from windsock.api import health, metrics, responselimit
from windsock.collect import health as feedhealth
from windsock.duties import health as duties
from windsock.hosting import without_request_transactions
from windsock.ingest import wrongclock
from windsock.journal import cursor_health
from windsock.live.health import details, not_ready
from windsock.live.metrics import figures


def _keys() -> str | None:
    # Recorded here too: a server without lifespan runs nothing else that would record it.
    key_fingerprints.record()
    return key_fingerprints.complaint()


health.add_check("live", not_ready)
health.add_details("live", details)
health.add_warning("duties", duties.complaint)
health.add_warning("cursors", cursor_health.complaint)
health.add_warning("keys", _keys)
health.add_warning("clock", wrongclock.watch.complaint)
health.add_details("cursors", cursor_health.details)
health.add_details("duties", duties.details)
health.add_details("feeds", feedhealth.details)
metrics.add_figures(figures)
metrics.add_figures(feedhealth.figures)
metrics.add_figures(responselimit.figures)

urlpatterns: list[URLPattern | URLResolver] = [
    # Before the API, whose last pattern answers everything below /api/ that does not exist.
    path("", include("windsock.live.transport.discovery")),
    path("", include("windsock.live.transport.sse")),
    path("", include("windsock.live.transport.upgrade")),
    path("", include("windsock.api.urls")),
    path("", include("windsock.pages.urls")),
]

without_request_transactions(urlpatterns)
