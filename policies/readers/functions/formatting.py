"""`format` and `formatlist`.

Source: https://developer.hashicorp.com/terraform/language/functions/format
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Final

from policies.engine.values import Unknown
from policies.readers import numbers, types
from policies.readers.budget import BUDGET, Exceeded
from policies.readers.evaluation import plain, text_of, unknown_from
from policies.readers.functions.calling import partial
from policies.readers.functions.encodings import as_json
from policies.readers.functions.texts import clusters
from policies.readers.syntax import nfc
from policies.readers.types import ListOf, Refused, Undecided

WIDEST: Final = 10_000
"""The most characters that a value is padded to."""

_VERB: Final = re.compile(r"%(?:%|([-+ 0#]*)([1-9]\d*)?(?:\.(\d+))?(?:\[([1-9]\d*)\])?([a-zA-Z]))", re.ASCII)


@partial("format", 1, None)
def _format(pattern: Any, *given: Any) -> Any:
    if isinstance(pattern, Unknown):
        return unknown_from(pattern.reason, pattern, *given)
    values = [plain(value) for value in given]
    with _of_nulls(values):
        return text_of(_formatted(types.as_string(plain(pattern)), values))


@partial("formatlist", 1, None)
def _formatlist(pattern: Any, *given: Any) -> Any:
    values = [plain(value) for value in given]
    if isinstance(pattern, Unknown):
        return unknown_from(pattern.reason, pattern, *values)
    text = types.as_string(plain(pattern))
    lists = [value for value in values if isinstance(value, list)]
    if any(isinstance(value, Unknown) and not (value.parts or value.certain) for value in values):
        # It may be a list, or a single value; what is certain is one text.
        return unknown_from("formatlist() of something unknown", *values)
    if any(len(value) != len(lists[0]) for value in lists):
        raise Refused("the lists differ in length")
    rows = len(lists[0]) if lists else 1
    BUDGET.spend(rows * (1 + len(values)))
    with _of_nulls(values):
        made = [
            text_of(_formatted(text, [value[row] if isinstance(value, list) else value for value in values]))
            for row in range(rows)
        ]
    return ListOf(made, "string")


@contextmanager
def _of_nulls(values: list[Any]) -> Iterator[None]:
    """Whether a null without a type is refused, or the result is not known, differs between versions."""
    try:
        yield
    except Refused as error:
        if None in values:
            raise Undecided("a null whose type is not told") from error
        raise


def _formatted(pattern: str, given: list[Any]) -> list[Any]:
    """The parts of a formatted text; unknown values stand in it as such where the verb shows them as they are."""
    parts: list[Any] = []
    last = following = used = 0
    for match in _VERB.finditer(pattern):
        between = pattern[last : match.start()]
        if "%" in between:
            raise Refused("a verb is malformed")
        parts.append(between)
        last = match.end()
        if match.group() == "%%":
            parts.append("%")
            continue
        flags, width, precision, index, verb = match.groups()
        for number in (width, precision):
            if number and (len(number) > 9 or int(number) > WIDEST):
                raise Exceeded(
                    f"format() pads to more than {WIDEST:,} characters; the gate evaluates up to that"
                )
        place = int(index) - 1 if index and len(index) < 6 else following
        if index and len(index) >= 6:
            raise Refused("there are fewer values than verbs")
        following = place + 1
        used = max(used, following)
        if place >= len(given):
            raise Refused("there are fewer values than verbs")
        value = given[place]
        if isinstance(value, Unknown):
            if flags or width or precision or verb not in "sv":
                # `%.0s` leaves nothing of a text; what is filled up to a width, or no text, is never empty.
                full = bool(width and int(width)) or verb not in "sv"
                parts.append(Unknown(value.reason, value.references, certain=full))
            else:
                parts.extend(value.parts or (value,))
            continue
        BUDGET.afford(4 * int(width or 0))
        shown = _shown(value, flags, int(width) if width else -1, int(precision) if precision else -1, verb)
        parts.append(nfc(shown) if not isinstance(value, str) or shown != value else value)
    if "%" in pattern[last:]:
        raise Refused("a verb is malformed")
    if used < len(given):
        raise Refused("there are more values than verbs")
    parts.append(pattern[last:])
    return parts


def _shown(value: Any, flags: str, width: int, precision: int, verb: str) -> str:
    if value is None and verb != "v":
        raise Refused("a null is formatted")
    if verb == "v":
        if "#" not in flags and isinstance(value, str):
            return _padded(value, flags, width)
        if "#" not in flags and isinstance(value, int | float) and not isinstance(value, bool):
            return _padded(numbers.general(value), flags, width)
        return _padded(as_json(value), flags, width)
    if verb == "t":
        return "true" if types.as_bool(value) else "false"
    if verb in "sq":
        text = types.as_string(value)
        if precision > 0:
            text = "".join(clusters(text)[:precision])
        return _padded(as_json(text) if verb == "q" else text, flags, width)
    if verb in "bdoxX":
        number = numbers.whole(types.as_number(value))
        if number is None:
            raise Refused("a whole number is needed")
        return _integer(number, flags, width, precision, verb)
    if verb in "eEfgG":
        return _real(types.as_number(value), flags, width, precision, verb)
    raise Refused(f"there is no verb {verb!r}")


def _padded(text: str, flags: str, width: int) -> str:
    missing = width - len(clusters(text)) if width >= 0 else 0
    if missing <= 0:
        return text
    padding = ("0" if "0" in flags else " ") * missing
    return text + padding if "-" in flags else padding + text


_BASES: Final = {"b": ("b", "0b"), "d": ("d", ""), "o": ("o", "0"), "x": ("x", "0x"), "X": ("X", "0X")}


def _integer(number: int, flags: str, width: int, precision: int, verb: str) -> str:
    base, prefix = _BASES[verb]
    digits = format(abs(number), base)
    sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
    prefix = prefix if "#" in flags else ""
    if precision == 0 and digits == "0":
        return ""
    digits = digits.rjust(precision, "0")
    missing = width - len(sign + prefix + digits)
    if missing <= 0:
        return sign + prefix + digits
    if "-" in flags:
        return sign + prefix + digits + " " * missing
    if "0" in flags and precision < 0:
        return sign + prefix + "0" * missing + digits
    return " " * missing + sign + prefix + digits


def _real(number: float, flags: str, width: int, precision: int, verb: str) -> str:
    found = Fraction(numbers.exact(number))
    sign = "-" if found < 0 else "+" if "+" in flags else " " if " " in flags else ""
    if "#" in flags:
        raise Undecided("this format is not told here")
    if verb == "f":
        digits = _fixed(abs(found), 6 if precision < 0 else precision)
    elif verb in "eE":
        digits = _scientific(abs(found), 6 if precision < 0 else precision)
    else:
        digits = numbers.general(number, max(precision, 1) if precision >= 0 else -1).lstrip("-")
    digits = digits.upper() if verb in "EG" else digits
    missing = width - len(sign + digits)
    if missing <= 0:
        return sign + digits
    if "-" in flags:
        return sign + digits + " " * missing
    return sign + "0" * missing + digits if "0" in flags else " " * missing + sign + digits


def _fixed(number: Fraction, places: int) -> str:
    digits = str(round(number * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _scientific(number: Fraction, places: int) -> str:
    if number == 0:
        digits, exponent = "0" * (places + 1), 0
    else:
        exponent = len(str(number.numerator)) - len(str(number.denominator)) + 1
        while number < Fraction(10) ** exponent:
            exponent -= 1
        digits = str(round(number * Fraction(10) ** (places - exponent)))
        if len(digits) > places + 1:
            digits, exponent = digits[:-1], exponent + 1
    mantissa = f"{digits[0]}.{digits[1:]}" if places else digits[0]
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
