"""Every page in Chromium: it says nothing to the console, asks for nothing, leads somewhere, and can be read by all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

BUNDLE = (
    "pages/index.html",
    "pages/resources.html",
    "pages/rules.html",
    "pages/interface.html",
    "pages/contract.html",
    "pages/runbook.html",
    "pages/costs.html",
    "pages/changes.html",
    "policy/report.html",
)
PLANS = ("first.html", "change.html", "nothing.html", "destroy.html", "hostile.html", "report.html")
SCHEMES = ("light", "dark")
# What sticks out, but for what scrolls by itself.
_TOO_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll, .picture, pre'))
    .map(one => one.outerHTML.slice(0, 160)).slice(0, 5)"""
_LINKS = "() => [...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href'))"


@contextmanager
def opened(chromium: Any, file: Path, scheme: str, width: int) -> Iterator[tuple[Any, list[str]]]:
    """A page in a window of its own, and what it said or asked for that it should not."""
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    found: list[str] = []
    try:
        page = context.new_page()
        page.on("console", lambda message: found.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (found.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda request: request.url != file.as_uri() and found.append(request.url))
        page.goto(file.as_uri())
        yield page, found
    finally:
        context.close()


def violations(page: Any, *rules: str) -> list[str]:
    """What axe-core finds, rule by rule with the first places; of these rules alone, if any are named."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found]


def look(chromium: Any, file: Path) -> None:
    """All that is asked of any page."""
    with opened(chromium, file, "light", 1280) as (page, found):
        assert violations(page) == []
        light = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert page.evaluate(_TOO_WIDE) == []
        page.emulate_media(media="print")
        assert page.evaluate(_TOO_WIDE) == [], "printed"
        assert page.evaluate("() => document.querySelectorAll('main, h1').length") == 2
        links = page.evaluate(_LINKS)
        assert found == []
    with opened(chromium, file, "dark", 390) as (page, found):
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") != light
        assert violations(page, "color-contrast") == []
        assert page.evaluate(_TOO_WIDE) == []
        assert found == []
    for link in dict.fromkeys(links):
        target = urlsplit(urljoin(file.as_uri(), link))
        if target.scheme == "file":
            assert Path(target.path).is_file(), link
            assert not target.fragment or target.fragment in anchors(Path(target.path)), link
        else:
            # Out of the file it leads to AWS's documentation alone.
            assert target.scheme == "https" and target.netloc == "docs.aws.amazon.com", link


@cache
def anchors(file: Path) -> set[str]:
    """The places of a page that a link can lead to."""
    found: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.update(  # type: ignore[method-assign]
        value for name, value in attributes if name == "id" and value
    )
    parser.feed(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", BUNDLE)
def test_the_bundle(name: str, chromium: Any, bundle: Path) -> None:
    look(chromium, bundle / name)


@pytest.mark.parametrize("name", PLANS)
def test_plans_and_reports(name: str, chromium: Any, plan_pages: Path) -> None:
    look(chromium, plan_pages / name)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marks_are_seen_without_their_colour(scheme: str, chromium: Any, plan_pages: Path) -> None:
    """Each marked box has its sign on it, and what goes is drawn with another line than what comes."""
    with opened(chromium, plan_pages / "change.html", scheme, 1280) as (page, _):
        drawn = page.evaluate(
            """() => ['create', 'update', 'replace', 'delete'].map(mark => {
                 const boxes = [...document.querySelectorAll(`svg rect.is-${mark}:not(.pill)`)];
                 const tags = [...document.querySelectorAll(`svg rect.sign-${mark}`)]
                   .map(tag => [tag.getBoundingClientRect(), tag.nextElementSibling.textContent]);
                 const signed = boxes.filter(box => {
                   const edge = box.getBoundingClientRect();
                   return tags.some(([tag, sign]) => '+~±−'.includes(sign) && tag.left < edge.right
                     && tag.right > edge.right - 20 && Math.abs(tag.top - edge.top) < 20);
                 });
                 return [mark, boxes.length, signed.length, getComputedStyle(boxes[0]).stroke];
               })"""
        )
    assert all(boxes and boxes == signed for _, boxes, signed, _ in drawn), drawn
    assert len({colour for *_, colour in drawn}) == 4
