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

# What is loaded by now stays for the life of the process. Python's collector would look through all of it again and
# again while connections come: full rounds of 60 ms and more in which nobody is told anything, 9 % of what a connect
# costs. What a connection leaves behind goes by itself (its circles are cut), so the rounds that remain may be rare.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
