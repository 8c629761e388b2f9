"""Addresses of the ready-made service: Windsock at the root, the admin beside it."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

admin.site.site_header = admin.site.site_title = "Windsock"
admin.site.index_title = "Flights, events and tokens"

urlpatterns = [
    # A single sign-in page, which checks passwords one at a time.
    path("admin/login/", RedirectView.as_view(pattern_name="windsock:sign-in", query_string=True)),
    path("admin/", admin.site.urls),
    path("", include("windsock.urls")),
]

handler400 = "windsock.hosting.bad_request"
handler403 = "windsock.hosting.permission_denied"
handler404 = "windsock.hosting.page_not_found"
handler500 = "windsock.hosting.server_error"
