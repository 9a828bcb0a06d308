"""Whether a value is of a form, and in words what is not.

The forms use a part of JSON Schema: `type`, `enum`, `const`, `anyOf`, `items`, `properties`, `required`,
`additionalProperties`, `minLength`, `pattern`, `minimum` and `maximum`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

_WORDS: Final = {
    "string": "a text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def mistakes(value: Any, form: Mapping[str, Any], key: str = "") -> Iterator[str]:
    """What is wrong with a value, a sentence each, which begins with the key.

    Args:
        value: as TOML or JSON gives it; dates are texts, as they are in JSON.
        form: a schema.
        key: where the value stands.
    """
    if "anyOf" in form:
        yield from _any_of(value, form["anyOf"], key)
        return
    if "type" in form and not _is(value, form["type"]):
        yield f"{_at(key)}{value!r} is not {_WORDS[form['type']]}{_example(form)}"
        return
    if "const" in form and value != form["const"]:
        yield f"{_at(key)}it is {form['const']!r}, not {value!r}"
    if "enum" in form and value not in form["enum"]:
        allowed = form["enum"]
        yield f"{_at(key)}there is no {value!r}{nearest(str(value), list(map(str, allowed)))}"
    if isinstance(value, str):
        if form.get("minLength") and not value:
            yield f"{_at(key)}it is empty{_example(form)}"
        elif "pattern" in form and not re.search(form["pattern"], value):
            yield f"{_at(key)}{value!r} is not written as it has to be{_example(form)}"
    if _is(value, "number"):
        if value < form.get("minimum", value):
            yield f"{_at(key)}{value!r} is less than {form['minimum']}"
        if value > form.get("maximum", value):
            yield f"{_at(key)}{value!r} is more than {form['maximum']}"
    if isinstance(value, list) and "items" in form:
        for number, item in enumerate(value, 1):
            yield from mistakes(item, form["items"], f"{key}[{number}]")
    if isinstance(value, dict):
        yield from _table(value, form, key)


def _table(value: Mapping[str, Any], form: Mapping[str, Any], key: str) -> Iterator[str]:
    known = form.get("properties", {})
    others = form.get("additionalProperties", True)
    for name in form.get("required", ()):
        if name not in value:
            yield f"{_at(key)}it has no {name!r}{_example(known.get(name, {}))}"
    for name, one in value.items():
        place = f"{key}.{name}" if key else name
        if name in known:
            yield from mistakes(one, known[name], place)
        elif others is False:
            yield f"{place}: there is no such key{nearest(name, list(known))}"
        elif isinstance(others, Mapping):
            yield from mistakes(one, others, place)


def _any_of(value: Any, forms: list[Mapping[str, Any]], key: str) -> Iterator[str]:
    """The mistakes by the one form of these that has the value's type."""
    found = [list(mistakes(value, form, key)) for form in forms]
    if not all(found):
        return
    fitting = [
        listed
        for form, listed in zip(forms, found, strict=True)
        if "type" in form and _is(value, form["type"]) and form["type"] in ("array", "object")
    ]
    if fitting:
        yield from fitting[0]
        return
    allowed = [
        repr(one) for form in forms for one in ([form["const"]] if "const" in form else form.get("enum", ()))
    ]
    allowed += [_WORDS[form["type"]] for form in forms if "type" in form and "enum" not in form]
    yield f"{_at(key)}{value!r} is not {' or '.join(allowed)}"


def _is(value: Any, type: str) -> bool:
    if type in ("integer", "number"):
        # True is an int in Python, and in JSON it is none.
        fitting = int if type == "integer" else (int, float)
        return isinstance(value, fitting) and not isinstance(value, bool)
    kinds: dict[str, Any] = {"string": (str, date), "boolean": bool, "array": list, "object": dict}
    return isinstance(value, kinds[type]) if type in kinds else value is None


def _at(key: str) -> str:
    return f"{key}: " if key else ""


def _example(form: Mapping[str, Any]) -> str:
    found = form.get("examples")
    return f", as in {found[0]!r}" if found else ""


def nearest(name: str, known: list[str]) -> str:
    """What to say of a name that there is not: the one that was meant, or which there are."""
    found = get_close_matches(name, known, 1)
    return f"; did you mean {found[0]!r}?" if found else f"; there are {', '.join(known)}"
