"""The address of the day."""

from django.urls import path

from windsock.pages.today import views

urlpatterns = [path("today/", views.today, name="today")]
