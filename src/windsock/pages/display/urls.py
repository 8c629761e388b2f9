"""Addresses of displays."""

from django.urls import path

from windsock.pages.display import linking, views

urlpatterns = [
    path("display/", linking.display_home, name="display-home"),
    path("display/link.json", linking.display_link_state, name="display-link"),
    path("display/<str:code>/<str:kind>/", views.display, name="display"),
    path("display/<str:code>/<str:kind>/sheet.json", views.display_sheet, name="display-sheet"),
]
