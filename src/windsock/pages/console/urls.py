"""Addresses of the console."""

from django.urls import path

from windsock.pages.console import displays, feeds, parked

urlpatterns = [
    path("console/", feeds.feeds, name="console"),
    path("console/feeds/<str:name>/", feeds.feed, name="console-feed"),
    path("console/feeds/<str:name>/inputs/<int:number>/", feeds.feed_input, name="console-input"),
    path("console/displays/", displays.displays, name="console-displays"),
    path("console/parked/", parked.parked, name="console-parked"),
]
