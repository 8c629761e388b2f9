"""Addresses of my flights."""

from django.urls import path

from windsock.pages.mine import views

urlpatterns = [
    path("mine/", views.mine, name="mine"),
    path("mine/remove/", views.remove, name="mine-remove"),
    path("mine/list.json", views.synchronise, name="mine-list"),
]
