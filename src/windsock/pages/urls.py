"""Addresses of the pages: what people open in a browser."""

from windsock.pages import language, outage
from windsock.pages.account.urls import urlpatterns as account
from windsock.pages.board.urls import urlpatterns as board
from windsock.pages.console.urls import urlpatterns as console
from windsock.pages.display.urls import urlpatterns as display
from windsock.pages.find.urls import urlpatterns as find
from windsock.pages.flight.urls import urlpatterns as flight
from windsock.pages.mine.urls import urlpatterns as mine
from windsock.pages.today.urls import urlpatterns as today

app_name = "windsock"

urlpatterns = language.speaking(
    outage.said([*find, *board, *flight, *display, *today, *mine, *account, *console])
)
