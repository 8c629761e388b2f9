"""Addresses of the ready-made service: Windsock at the root, the admin beside it."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Windsock"
admin.site.index_title = "Flights, events and tokens"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("windsock.urls")),
]
