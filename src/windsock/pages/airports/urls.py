"""Addresses of the choice of airports."""

from django.urls import path

from windsock.pages.airports import views

urlpatterns = [
    path("", views.home, name="home"),
    path("names.json", views.names, name="names"),
]
