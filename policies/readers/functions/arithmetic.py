"""Functions of numbers."""

from __future__ import annotations

import math
from typing import Any

from policies.readers import numbers, types
from policies.readers.functions.calling import ANYTHING, counted, function, whole
from policies.readers.types import ListOf, Refused


@function("abs", "number")
def _abs(number: float) -> float:
    return numbers.negative(number) if number < 0 else number


@function("ceil", "number")
def _ceil(number: float) -> float:
    return numbers.number(math.ceil(numbers.exact(number)), numbers.precision(number))


@function("floor", "number")
def _floor(number: float) -> float:
    return numbers.number(math.floor(numbers.exact(number)), numbers.precision(number))


@function("signum", "number")
def _signum(number: float) -> int:
    sign = whole(number)
    return counted((sign > 0) - (sign < 0))


@function("max", "number", more="number")
def _max(*given: float) -> float:
    return max(given, key=numbers.exact)


@function("min", "number", more="number")
def _min(*given: float) -> float:
    return min(given, key=numbers.exact)


@function("parseint", ANYTHING, "number")
def _parseint(text: Any, base: float) -> int | numbers.Real:
    if not isinstance(text, str):
        raise Refused("a text is needed")
    radix = whole(base)
    if not 2 <= radix <= 62:
        raise Refused("the base is not between 2 and 62")
    digits = str.__str__(text)
    sign = -1 if digits.startswith("-") else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    value = 0
    if not digits or len(digits) > 1000:
        raise Refused("it is no whole number")
    for digit in digits:
        place = _place(digit, radix)
        if place >= radix:
            raise Refused("it is no whole number of this base")
        value = value * radix + place
    return numbers.number(sign * value, max(numbers.COUNTED, value.bit_length()))


def _place(digit: str, radix: int) -> int:
    if not digit.isascii() or not digit.isalnum():
        return 99
    if digit.isdigit():
        return int(digit)
    small = ord(digit.lower()) - ord("a") + 10
    return small + 26 if digit.isupper() and radix > 36 else small


@function("sum", ANYTHING)
def _sum(items: Any) -> int | numbers.Real:
    if not isinstance(items, list) or not items:
        raise Refused("a list with elements is needed")
    result = types.as_number(items[0])
    for item in items[1:]:
        result = numbers.computed("+", result, types.as_number(item))
    return result


@function("range", "number", more="number")
def _range(*given: float) -> ListOf:
    if len(given) > 3:
        raise Refused("there are too many arguments")
    start, end = (counted(0), given[0]) if len(given) == 1 else given[:2]
    down = numbers.less(end, start)
    step = given[2] if len(given) == 3 else counted(-1 if down else 1)
    if start != end and (step == 0 or down != (step < 0)):
        raise Refused("the step leads away from the end")
    result: list[float] = []
    here = start
    while numbers.less(end, here) if step < 0 else numbers.less(here, end):
        if len(result) >= 1024:
            raise Refused("it would have more than 1,024 elements")
        result.append(here)
        here = numbers.computed("+", here, step)
    return ListOf(result, "number")


@function("pow", "number", "number")
def _pow(number: float, power: float) -> int | numbers.Real:
    """Powers of doubles, by squaring, as Go computes them: the last bits are its own."""
    base, exponent = numbers.as_double(number), numbers.as_double(power)
    if exponent == 0 or base == 1:
        return numbers.of_double(1.0)
    if exponent == 1:
        return numbers.of_double(base)
    if base == 0 and exponent > 0:
        return numbers.of_double(0.0)
    if base < 0 and not exponent.is_integer():
        raise Refused("it is no real number")
    if base == 0 or not exponent.is_integer() or abs(exponent) > 1 << 31:
        if exponent == 0.5 and base > 0:
            return numbers.of_double(math.sqrt(base))
        raise numbers.Undecided("this power is not computed here")
    mantissa, power_of_two = math.frexp(base)
    result, scale, rest = 1.0, 0, int(abs(exponent))
    while rest:
        if abs(power_of_two) > 1 << 12:
            raise numbers.Undecided("this power is not computed here")
        if rest & 1:
            result *= mantissa
            scale += power_of_two
        mantissa *= mantissa
        power_of_two <<= 1
        if mantissa < 0.5:
            mantissa += mantissa
            power_of_two -= 1
        rest >>= 1
    if exponent < 0:
        result, scale = 1 / result, -scale
    return numbers.of_double(math.ldexp(result, scale))


@function("log", "number", "number")
def _log(number: float, base: float) -> int | numbers.Real:
    return numbers.of_double(_logarithm(numbers.as_double(number)) / _logarithm(numbers.as_double(base)))


def _logarithm(number: float) -> float:
    """The natural logarithm as Go computes it, which is not always the nearest double.

    Source: https://netlib.org/fdlibm/e_log.c
    """
    if not 0 < number < math.inf:
        raise numbers.Undecided("this logarithm is not computed here")
    fraction, exponent = math.frexp(number)
    if fraction < math.sqrt(2) / 2:
        fraction *= 2
        exponent -= 1
    rest = fraction - 1
    scaled = rest / (2 + rest)
    square = scaled * scaled
    fourth = square * square
    odd = square * (
        6.666666666666735130e-01
        + fourth
        * (2.857142874366239149e-01 + fourth * (1.818357216161805012e-01 + fourth * 1.479819860511658591e-01))
    )
    even = fourth * (
        3.999999999940941908e-01 + fourth * (2.222219843214978396e-01 + fourth * 1.531383769920937332e-01)
    )
    half = 0.5 * rest * rest
    high, low = 6.93147180369123816490e-01, 1.90821492927058770002e-10
    return exponent * high - ((half - (scaled * (half + odd + even) + exponent * low)) - rest)
