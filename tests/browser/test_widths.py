"""Every page at every width, with the longest names: no texts overlap, none is cut unsaid, nothing scrolls sideways.

A new page joins `PAGES`; a test compares them with the addresses.
"""

import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit, flight, minutes
from tests.running_service import RunningService
from windsock.pages.urls import urlpatterns

WIDTHS = (320, 360, 390, 640, 768, 820, 1024, 1100, 1280, 1440, 1920, 3840)
"""640 is 1280 at a zoom of 200 %."""

FEW = (320, 390, 820, 1100, 1440)
"""The widths at which other languages are tried: the layouts differ between them."""

PAGES = {
    "home": "/",
    "departures": "/airports/JFK/departures/",
    "arrivals": "/airports/JFK/arrivals/",
    "flight": "/flights/FLIGHT/",
    "flight-calendar": "/flights/FLIGHT/calendar/",
    "today": "/today/",
    "mine": "/mine/",
    "account": "/account/",
    "cannot-sign-in": "/sign-in/help/",
    "sign-in": "/sign-in/",
    "console": "/console/",
    "console-displays": "/console/displays/",
    "console-parked": "/console/parked/",
    "console-report": "/console/report/?q=XNA",
    "console-report-flight": "/console/report/FLIGHT/",
    "console-record": "/console/record/",
    "error": "/nowhere/",
    "display": "/display/JFK/departures/?theme=light",
}

OTHER = {
    "names": "JSON",
    "sign-in-link": "a redirect, or the look of sign-in",
    "sign-out": "a redirect",
    "display-home": "a screen's own page, made for one size",
    "display-link": "JSON",
    "display-sheet": "JSON",
    "console-feed": "needs a feed: see test_console.py",
    "console-input": "needs a feed: see test_console.py",
    "flight-calendar-file": "a calendar",
    "mine-list": "JSON",
    "mine-remove": "a redirect",
    "change-password": "a redirect, or the page of the account",
    "end-sessions": "a redirect",
}
"""Addresses that are not looked at here, and why."""

EVERYTHING = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
ada = get_user_model().objects.get(username="ada")
ada.user_permissions.set(Permission.objects.filter(content_type__app_label="windsock"))
"""

FAULTS = """() => {
  const faults = [], boxes = [], all = [...document.querySelectorAll('body *')];
  const { max, min } = Math;
  const name = (one) => `${one.tagName}.${one.getAttribute('class') ?? ''}`;
  const wide = document.documentElement.scrollWidth;
  const out = ({ left, right }) => right > innerWidth + 1 || left < -1;
  if (wide > innerWidth) faults.push(`scrolls sideways: ${wide} of ${innerWidth} px, by ` +
    all.filter((one) => out(one.getBoundingClientRect())).map(name).slice(-4).join(' '));
  const hidden = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return true;
    for (let at = element; at !== document.body; at = at.parentElement)
      if (getComputedStyle(at).clipPath !== 'none') return true;
    return false;
  };
  const aside = 'script, style, template, option, noscript, .skip, svg';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement, text = node.data.trim();
    if (!text || parent.closest(aside) || hidden(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      let { left, right, top, bottom } = rect;
      // A font's box is taller than its letters.
      const spare = (bottom - top) * 0.25;
      [top, bottom] = [top + spare, bottom - spare];
      for (let at = parent; at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflowX === 'visible') continue;
        const clip = at.getBoundingClientRect();
        [left, right] = [max(left, clip.left), min(right, clip.right)];
        [top, bottom] = [max(top, clip.top), min(bottom, clip.bottom)];
      }
      if (right - left > 3 && bottom - top > 1) boxes.push({ left, right, top, bottom, parent, text });
    }
  }
  boxes.sort((one, other) => one.top - other.top);
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
      if (other.top >= one.bottom) break;
      const across = min(one.right, other.right) - max(one.left, other.left);
      if (one.parent !== other.parent && across > 1.5 && min(one.bottom, other.bottom) - other.top > 1.5)
        faults.push(`"${one.text.slice(0, 40)}" overlaps "${other.text.slice(0, 40)}"`);
    }
  });
  for (const element of all) {
    const { overflowX, textOverflow, display } = getComputedStyle(element), text = element.textContent.trim();
    if (!['hidden', 'clip'].includes(overflowX) || display === 'inline' || textOverflow === 'ellipsis') continue;
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 2 && text && !hidden(element))
      faults.push(`${name(element)} is cut: "${text.slice(0, 40)}"`);
  }
  return [...new Set(faults)].slice(0, 6);
}"""


def longest(service: RunningService) -> str:
    """Report flights with the longest names of everything; return the id of one."""
    more: dict[str, Any] = {
        "codeshares": ["AF3652", "KL6321", "VS4413", "AZ5799"],
        "delay_reasons": [{"scheme": "ahm730", "code": "81"}, {"scheme": "ahm730", "code": "93"}],
    }
    place = {"gate": "REMOTE 14", "terminal": "Satellite North"}
    reports = [
        {**flight(711, leaves_in=12 * 60 + 40, departure={"estimated": minutes(15 * 60 + 25), **place}, **more)},
        {**flight(712, leaves_in=35, departure={"estimated": minutes(200), **place}, **more), "destination": "XNA"},
        {**flight(713, leaves_in=36, departure=place, **more), "flight": "LX23", "destination": "XNA"},
        {**flight(714, leaves_in=37, departure=place, cancelled=True, **more), "destination": "XNA"},
        {**flight(715, leaves_in=-50, departure=place, **more), "destination": "XNA"},
        {
            **flight(716, leaves_in=-30, departure={"actual": minutes(-20)}, **more),
            "origin": "XNA",
            "destination": "JFK",
            "arrival": {"scheduled": minutes(60), "estimated": minutes(150), "belt": "12 International", **place},
        },
    ]  # fmt: skip
    answer = service.post(reports)
    assert answer.status == 200, answer.body
    found = service.get("/api/v1/flights?airport=JFK&direction=departures").data["flights"]
    return str(next(each["id"] for each in found if each["id"].startswith("B6712.")))


def test_every_page_is_looked_at() -> None:
    assert {pattern.name for pattern in urlpatterns} == PAGES.keys() - {"error"} | OTHER.keys()


def faults_at(page: Page, width: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found: list[str] = page.evaluate(FAULTS)
    return found


@pytest.mark.parametrize(("lang", "widths"), [("en", WIDTHS), ("de", FEW), ("ar", FEW)])
def test_texts_stay_apart_and_whole(
    service: RunningService, visit: Visit, complaints: Any, lang: str, widths: tuple[int, ...]
) -> None:
    known = longest(service)
    subprocess.run([sys.executable, "-c", EVERYTHING], env=service.environment, check=True)
    page = visit("/")
    faults: list[tuple[str, int, str]] = []
    for name, path in PAGES.items():
        if name == "sign-in":
            page.context.clear_cookies()
        elif name == "console":
            session = {"name": "sessionid", "value": service.tokens["session"], "url": service.url}
            page.context.add_cookies([session])
        address = service.url + path.replace("FLIGHT", known)
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        for width in widths:
            faults += [(name, width, fault) for fault in faults_at(page, width)]
    complaints.forgive("403", "404")
    assert not faults, "\n".join(map(str, faults))
