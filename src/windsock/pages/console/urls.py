"""Addresses of the console."""

from django.urls import path

from windsock.pages.console import displays, feeds, parked, record, report

urlpatterns = [
    path("console/", feeds.console, name="console"),
    path("console/feeds/<str:name>/", feeds.feed, name="console-feed"),
    path("console/feeds/<str:name>/inputs/<int:number>/", feeds.feed_input, name="console-input"),
    path("console/displays/", displays.displays, name="console-displays"),
    path("console/report/", report.find, name="console-report"),
    path("console/report/<str:flight_id>/", report.flight, name="console-report-flight"),
    path("console/record/", record.record, name="console-record"),
    path("console/parked/", parked.parked, name="console-parked"),
]
