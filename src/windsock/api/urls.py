"""Addresses of the API: /api/v1/ and what machines that watch over us ask for."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
