"""Addresses of the first page."""

from django.urls import path

from windsock.pages.find import views

urlpatterns = [
    path("", views.find, name="home"),
    path("names.json", views.names, name="names"),
]
