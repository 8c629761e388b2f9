"""Addresses of the pages: what people open in a browser."""

from django.urls import path

from windsock.pages import accounts, console, consoleparked, views

app_name = "windsock"

urlpatterns = [
    path("", views.home, name="home"),
    path("airports/<str:code>/departures/", views.board, {"direction": "departures"}, name="departures"),
    path("airports/<str:code>/arrivals/", views.board, {"direction": "arrivals"}, name="arrivals"),
    path("flights/<str:flight_id>/", views.flight, name="flight"),
    path("names.json", views.names, name="names"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-in/link/<str:ticket>", accounts.sign_in_link, name="sign-in-link"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("console/", console.console, name="console"),
    path("console/feeds/<str:name>/", console.feed, name="console-feed"),
    path("console/feeds/<str:name>/inputs/<int:number>/", console.feed_input, name="console-input"),
    path("console/parked/", consoleparked.parked, name="console-parked"),
]
