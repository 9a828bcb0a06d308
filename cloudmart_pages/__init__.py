"""All HTML that is written here: one template engine, one stylesheet.

A page is a template of `templates/` that extends `base.html`, with `style.css` inside: it asks for nothing, runs
nothing and needs no file beside it. Whatever a template prints is escaped, and shown so that nothing in it hides.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_HERE = Path(__file__).resolve().parent
_MEETING = re.compile(r"(?<=[/_.:])(?=.)")
_QUOTED = re.compile(r"`([^`]+)`")


def render(template: str, **values: Any) -> str:
    """A page: a file of `templates/` with its values.

    Raises:
        Problem: Jinja2 is not installed.
    """
    return _environment().get_template(template).render(**values)


def markup(text: str) -> Markup:
    """Text that is markup already, such as a picture that this project drew."""
    from markupsafe import Markup

    return Markup(text)


@cache
def _environment() -> Environment:
    # Only who wants HTML pays for the engine, in time and in what has to be installed.
    try:
        import jinja2
    except ImportError as error:
        raise Problem(
            "HTML is written with Jinja2, which is not installed here: pip install 'Jinja2>=3.1.6', or take another "
            "format"
        ) from error
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    engine.filters |= {"code": _code, "prose": _prose, "money": money, "signed": signed}
    engine.globals["style"] = markup((_HERE / "style.css").read_text(encoding="utf-8").strip())
    return engine


def money(dollars: float | None, places: int = 2) -> str:
    """US dollars; what is not known says so."""
    return "unknown" if dollars is None else f"${dollars:,.{places}f}"


def signed(dollars: float | None) -> str:
    """A difference in US dollars with its sign, empty where there is none; what is not known says so."""
    if dollars is None:
        return "not known"
    return "" if abs(dollars) < 0.005 else f"{'+' if dollars > 0 else '−'}${abs(dollars):,.2f}"


def _shown(value: Any) -> Any:
    """What a template prints: a text line by line as `visible` shows it; markup and numbers as they are."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(map(visible, value.split("\n")))


def _code(text: str) -> Markup:
    """A word of code, which may be broken where its parts meet."""
    from markupsafe import Markup, escape

    pieces = [escape(piece) for piece in _MEETING.split(visible(text))]
    return Markup("<code>{}</code>").format(Markup("<wbr>").join(pieces))


def _prose(text: str) -> Markup:
    """A sentence whose words between backticks are code."""
    from markupsafe import Markup, escape

    pieces = _QUOTED.split(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(one) if number % 2 else escape(one)
        for number, one in enumerate(pieces)
    )
