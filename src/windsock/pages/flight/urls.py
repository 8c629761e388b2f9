"""Addresses of flights."""

from django.urls import path

from windsock.pages.flight import views

urlpatterns = [path("flights/<str:flight_id>/", views.flight, name="flight")]
