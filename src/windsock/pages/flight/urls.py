"""Addresses of flights."""

from django.urls import path

from windsock.pages.flight import calendar, views

urlpatterns = [
    path("flights/<str:flight_id>/", views.flight, name="flight"),
    path("flights/<str:flight_id>/calendar/", calendar.calendar, name="flight-calendar"),
    path("flights/<str:flight_id>/calendar.ics", calendar.calendar_of_flight, name="flight-calendar-file"),
]
