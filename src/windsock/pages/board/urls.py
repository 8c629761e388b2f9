"""Addresses of boards."""

from django.urls import path

from windsock.pages.board import views

urlpatterns = [
    path("airports/<str:code>/departures/", views.board, {"direction": "departures"}, name="departures"),
    path("airports/<str:code>/arrivals/", views.board, {"direction": "arrivals"}, name="arrivals"),
]
