"""The engine of the pages: what it shows, what it escapes, what it costs who wants no page."""

from __future__ import annotations

import subprocess
import sys

import pytest
from stacks import ROOT

import cloudmart_pages
from cloudmart_support.problem import Problem


def test_who_wants_no_page_does_not_load_the_engine() -> None:
    script = (
        "import sys, policies.__main__, policies.reports.html_report; "
        "assert not {'jinja2', 'markupsafe'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_the_engine_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cloudmart_pages._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(Problem, match=r"pip install 'Jinja2>=3\.1\.6', or take another format"):
        cloudmart_pages.render("report.html")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ text }}", "&lt;b&gt;\\u202e&amp;"),
        ("<p title=\"{{ text ~ '\\'' }}\">", '<p title="&lt;b&gt;\\u202e&amp;&#39;">'),
        ("{{ 'a/b_c' | code }}", "<code>a/<wbr>b_<wbr>c</code>"),
        ("{{ text | code }}", "<code>&lt;b&gt;\\u202e&amp;</code>"),
        ("{{ ('see `' ~ text ~ '`') | prose }}", "see <code>&lt;b&gt;\\u202e&amp;</code>"),
        ("{{ lines }}", "one\n\\ttwo"),
        ("{{ 1234.5 | money }} {{ none | money }}", "$1,234.50 unknown"),
        (
            "{{ 1.005 | signed }} {{ -1 | signed }} {{ 0.004 | signed }} {{ none | signed }}",
            "+$1.00 −$1.00  not known",
        ),
    ],
)
def test_what_is_printed_is_text(source: str, shown: str) -> None:
    assert (
        cloudmart_pages._environment().from_string(source).render(text="<b>\u202e&", lines="one\n\ttwo")
        == shown
    )


def test_a_value_that_a_template_needs_and_does_not_get_is_a_fault() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        cloudmart_pages.render("report.html", closed=False)
