"""What a host project includes: `path("", include("windsock.urls"))`. The API and the pages."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("windsock.api.urls"))]
if find_spec("windsock.pages.urls") is not None:
    urlpatterns.append(path("", include("windsock.pages.urls")))
