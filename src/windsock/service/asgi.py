"""The ready-made service as an ASGI application: `uvicorn windsock.service.asgi:application`."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "windsock.service.settings")

from django.core.asgi import get_asgi_application

# Loads the apps: everything that imports models comes after it.
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402

from windsock.asgi import add_windsock  # noqa: E402
from windsock.live.admission.lookups import SessionCookie  # noqa: E402
from windsock.service.prefix import BelowPrefix  # noqa: E402

application = BelowPrefix(
    add_windsock(
        django_application,
        authentication=SessionCookie,
        other_bodies=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,  # the admin's
    ),
    settings.FORCE_SCRIPT_NAME or "",
)

# Freeze the startup heap: everything loaded by now stays for the life of the process, and Python's garbage collector
# would scan it again and again while clients connect, in full collections of 60 ms and more during which nothing is
# sent (9 % of the cost of a connect). A closed connection leaves no reference cycles, so collections may be rare.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
