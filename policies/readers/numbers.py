"""Numbers as Terraform has them: binary floating point of 512 bits, or of fewer where a function made them.

A whole number is an `int`; a number with a fraction, or too large to be told apart from its neighbours, is a `Real`,
which for rules is a `float` like any other. How many bits a number has shows when it is divided or written out.
Source: https://github.com/zclconf/go-cty/blob/main/docs/types.md#ctynumber
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policies.readers.budget import MOST_BITS, Exceeded

if TYPE_CHECKING:
    from fractions import Fraction

# The class of fractions is slow to load and seldom needed: what needs it imports it.

FULL: Final = 512
"""Bits of a number that was written down, or came as text."""

COUNTED: Final = 64
"""Bits of a number that was counted: a length, an index."""

DOUBLE: Final = 53
"""Bits of what a function computes with doubles."""

_WRITTEN: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GREATEST_EXPONENT: Final = 3000
_MOST_DIGITS: Final = 1000


class Undecided(ValueError):
    """Terraform knows this number, and it is not computed here."""


class Whole(int):
    """A whole number of another precision than `FULL`."""

    precision: int

    def __new__(cls, value: int, precision: int) -> Whole:
        number = super().__new__(cls, value)
        number.precision = precision
        return number


class Real(float):
    """A number that is no `int`: `exact` is its value, `precision` its bits."""

    __slots__ = ("exact", "precision")

    exact: Fraction
    precision: int

    def __new__(cls, exact: Fraction, precision: int) -> Real:
        try:
            nearest = exact.numerator / exact.denominator
        except OverflowError:
            nearest = float("inf") if exact > 0 else float("-inf")
        number = super().__new__(cls, nearest)
        number.exact = exact
        number.precision = precision
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return Real, (self.exact, self.precision)


def number(exact: Fraction | int, precision: int = FULL) -> int | Real:
    """The number nearest to a value that has so many bits; halves go to the even one."""
    exact = rounded(exact, precision)
    if not isinstance(exact, int) and exact.denominator == 1:
        exact = exact.numerator
    if isinstance(exact, int) and exact.bit_length() <= precision:
        return exact if precision == FULL else Whole(exact, precision)
    from fractions import Fraction

    return Real(Fraction(exact), precision)


def rounded(exact: Fraction | int, precision: int) -> Fraction | int:
    """A value cut to so many bits.

    Raises:
        Exceeded: it is too long to be worked with.
    """
    top, bottom = (exact, 1) if isinstance(exact, int) else (exact.numerator, exact.denominator)
    length = abs(top).bit_length()
    if max(length, bottom.bit_length()) > MOST_BITS:
        raise Exceeded(
            f"it evaluates to a number of more than {MOST_BITS:,} bits; the gate evaluates up to that"
        )
    if bottom & (bottom - 1) == 0 and length <= precision:
        return exact
    # Scaled by a power of two so that the whole part has as many bits as are kept, or one more.
    shift = precision - (length - bottom.bit_length())
    scaled, rest = divmod(abs(top) << shift, bottom) if shift >= 0 else divmod(abs(top), bottom << -shift)
    whole = bottom if shift >= 0 else bottom << -shift
    surplus = scaled.bit_length() - precision
    if surplus > 0:
        rest += (scaled & ((1 << surplus) - 1)) * whole
        whole <<= surplus
        scaled >>= surplus
        shift -= surplus
    if 2 * rest > whole or (2 * rest == whole and scaled & 1):
        scaled += 1
    scaled = scaled if top >= 0 else -scaled
    from fractions import Fraction

    return Fraction(scaled, 1 << shift) if shift >= 0 else scaled << -shift


def exact(value: float) -> Fraction | int:
    """The exact value of a number; a `float` stands for what it is written as."""
    if isinstance(value, Real):
        return value.exact
    if isinstance(value, int):
        return int(value)
    return exact(parsed(repr(value)))


def precision(value: float) -> int:
    """The bits of a number."""
    return value.precision if isinstance(value, Whole | Real) else FULL


def parsed(text: str) -> int | Real:
    """A number from its text.

    Raises:
        ValueError: it is none.
        Undecided: it is one that is not computed here: infinite, in powers of two, or with too many digits.
    """
    if not _WRITTEN.fullmatch(text):
        if re.fullmatch(r"[+-]?(?:[iI]nf|[0-9.]+[pP][+-]?[0-9]+)", text):
            raise Undecided("this number is not computed here")
        raise ValueError("it is no number")
    digits, _, exponent = text.lower().partition("e")
    if len(digits) > _MOST_DIGITS or len(exponent) > 6 or abs(int(exponent or 0)) > _GREATEST_EXPONENT:
        raise Undecided("this number has too many digits to be computed here")
    if digits.startswith("-") and not digits.strip("-0."):
        raise Undecided("the sign of this zero is not told here")
    if digits.isdecimal() and not exponent:
        return number(int(digits))
    from fractions import Fraction

    whole_part, _, places = digits.lstrip("+-").partition(".")
    value = int(whole_part + places or 0) * Fraction(10) ** (int(exponent or 0) - len(places))
    return number(-value if digits.startswith("-") else value)


def of(value: float) -> int | Real:
    """A number of JSON as Terraform reads it."""
    return value if isinstance(value, int | Real) else parsed(repr(value))


# --- arithmetic -----------------------------------------------------------------------------------------


def computed(operator: str, left: float, right: float) -> int | Real:
    """The result of `+`, `-`, `*`, `/` or `%`.

    Raises:
        ZeroDivisionError: it is divided by zero, which Terraform does not refuse in every case.
        Undecided: the result is a zero whose sign Terraform knows.
    """
    a, b = exact(left), exact(right)
    bits = max(precision(left), precision(right))
    if operator == "+":
        return number(a + b, bits)
    if operator == "-":
        return number(a - b, bits)
    if operator == "*":
        if (a == 0 and b < 0) or (b == 0 and a < 0):
            raise Undecided("the sign of this zero is not told here")
        product = rounded(a * b, FULL)
        return number(product, max(bits, least_precision(product)))
    if b == 0:
        raise ZeroDivisionError
    if a == 0 and b < 0:
        raise Undecided("the sign of this zero is not told here")
    from fractions import Fraction

    quotient = rounded(Fraction(a) / b, bits)
    if operator == "/":
        return number(quotient, bits)
    # The remainder keeps the bits of what is divided.
    bits = precision(left)
    times = rounded(int(quotient), bits)
    return number(rounded(a - rounded(b * times, bits), bits), bits)


def least_precision(value: Fraction | int) -> int:
    """The bits that a value needs."""
    top = abs(value if isinstance(value, int) else value.numerator)
    return top.bit_length() - ((top & -top).bit_length() - 1) if top else 0


def less(left: float, right: float) -> bool:
    """Whether one number is less than another, exactly."""
    return exact(left) < exact(right)


def whole(value: float) -> int | None:
    """A number without a fraction as a plain `int`, or None if it has one."""
    found = exact(value)
    return found if isinstance(found, int) else found.numerator if found.denominator == 1 else None


def negative(value: float) -> int | Real:
    """A number with the other sign.

    Raises:
        Undecided: it is zero, and Terraform has a negative one.
    """
    if value == 0:
        raise Undecided("the sign of this zero is not told here")
    return number(-exact(value), precision(value))


def as_double(value: float) -> float:
    """The double nearest to a number."""
    found = exact(value)
    return found.numerator / found.denominator


def of_double(value: float) -> int | Real:
    """A number that was computed with doubles.

    Raises:
        Undecided: it is infinite, or none, or a negative zero.
    """
    if value != value or value in (float("inf"), float("-inf")) or (value == 0 and str(value)[0] == "-"):
        raise Undecided("this number is not computed here")
    from fractions import Fraction

    return number(Fraction(value), DOUBLE)


# --- text -----------------------------------------------------------------------------------------------


def text(value: float) -> str:
    """A number as Terraform writes it: the fewest digits that tell it apart from its neighbours, no exponent."""
    sign, digits, point = shortest(value)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}" if digits else "0"
    if len(digits) <= point:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def shortest(value: float) -> tuple[str, str, int]:
    """The sign, the fewest digits that tell a number apart, and where the point stands, counted from their left."""
    found, bits = exact(value), precision(value)
    sign, found = ("-", -found) if found < 0 else ("", found)
    if found == 0:
        return "", "", 0
    if isinstance(found, int) and found.bit_length() <= bits and bits >= COUNTED:
        # Its neighbours are less than one away.
        digits = str(found)
        return sign, digits.rstrip("0"), len(digits)
    top, bottom = (found, 1) if isinstance(found, int) else (found.numerator, found.denominator)
    # The mantissa with one more bit than there are, so that one is half the distance to the neighbours.
    scale = top.bit_length() - bottom.bit_length() + 1 - (bits + 1)
    mantissa = (top << -scale) // bottom if scale < 0 else top // (bottom << scale)
    even = mantissa & 2 == 0

    def decimal(number: int) -> tuple[str, int]:
        if scale >= 0:
            digits = str(number << scale)
            return digits.rstrip("0"), len(digits)
        digits = str(number * 5**-scale)
        return digits.rstrip("0"), len(digits) + scale

    (middle, point), (lower, _), (upper, _) = decimal(mantissa), decimal(mantissa - 1), decimal(mantissa + 1)
    for index, digit in enumerate(middle):
        low = lower[index] if index < len(lower) else "0"
        high = upper[index] if index < len(upper) else "0"
        down = low != digit or (even and index + 1 == len(lower))
        up = digit != high and (even or int(digit) + 1 < int(high) or index + 1 < len(upper))
        if down or up:
            kept = middle[: index + 1]
            rest = middle[index + 1 :]
            if down and up:
                nearest_up = rest[:1] > "5" or (rest[:1] == "5" and (len(rest) > 1 or int(digit) % 2 == 1))
                return (sign, *(_raised(kept, point) if nearest_up else (kept.rstrip("0"), point)))
            return (sign, *((kept.rstrip("0"), point) if down else _raised(kept, point)))
    return sign, middle, point


def general(value: float, significant: int = -1) -> str:
    """A number as `%g` writes it, with so many digits, or with the fewest that tell it apart.

    Very large and very small ones get an exponent.
    """
    sign, digits, point = shortest(value) if significant < 0 else _rounded_digits(value, significant)
    if not digits:
        return "0"
    limit = 6 if significant < 0 else len(digits) if significant > len(digits) >= point else significant
    if point - 1 < -4 or point - 1 >= limit:
        mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _rounded_digits(value: float, significant: int) -> tuple[str, str, int]:
    """The sign, so many digits of a number, halves rounded to even, and where the point stands."""
    from fractions import Fraction

    found = Fraction(exact(value))
    sign, found = ("-", -found) if found < 0 else ("", found)
    if found == 0:
        return "", "", 0
    point = len(str(found.numerator)) - len(str(found.denominator)) + 1
    while found < Fraction(10) ** (point - 1):
        point -= 1
    whole = round(found * Fraction(10) ** (significant - point))
    digits = str(whole)
    return sign, digits.rstrip("0"), point + len(digits) - significant


def _raised(digits: str, point: int) -> tuple[str, int]:
    raised = str(int(digits) + 1)
    longer = len(raised) - len(digits.lstrip("0") or "0")
    return raised.rstrip("0"), point + max(longer, 0)
