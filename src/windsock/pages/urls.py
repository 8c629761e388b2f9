"""Addresses of the pages: what people open in a browser."""

from windsock.pages import language, outage
from windsock.pages.account.urls import urlpatterns as account
from windsock.pages.airports.urls import urlpatterns as airports
from windsock.pages.board.urls import urlpatterns as board
from windsock.pages.console.urls import urlpatterns as console
from windsock.pages.flight.urls import urlpatterns as flight

app_name = "windsock"

urlpatterns = language.speaking(outage.said([*airports, *board, *flight, *account, *console]))
