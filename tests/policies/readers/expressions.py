"""Expressions made at random, the same ones for the same seed, over all operators, functions and types."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

TEXTS: Final = (
    *('""', '"a"', '"b"', '"B"', '"abc"', '"a,b,c"', '"hello world"', '"x-y_z"', '" padded "', '"a.b.c"', '"null"'),
    *('"1"', '"0"', '"10"', '"-7"', '"1.50"', '"1e3"', '"0x1f"', '"true"', '"false"', '"TRUE"', '"é"', '"e\\u0301"'),
    *('"Straße"', '"ΑΣ"', '"日本"', '"\\n"', '"a\\nb\\n"', '"a\\r\\nb"', '"\\t"', '"<&>"', '"\\u2028"', '"\\""', '"\\\\"'),
    *('"10.0.0.0/8"', '"10.1.2.3/16"', '"fd00::/56"', '"192.168.0.0/24"', '"YQ=="', '"YQ"', '"aGVsbG8="', '"%"', '"$"'),
    *('"{\\"a\\":1}"', '"[1,2]"', '"2023-04-05T06:07:08Z"', '"2020-02-29T23:59:59+01:30"', '"1h30m"', '"-90s"', '"1.5h"'),
    *('"arn:aws:s3:::bucket/key"', '"arn:aws:iam::123456789012:role/a/b/c"', '"a=1&b=ü"', '"k,v\\n1,2\\n"', '"\\u00a0"'),
    *('"%{ if true }yes%{ else }no%{ endif }"', '"${1}"', '"${1}a"', '"${true}"', '"%{ for x in [1, 2] }${x},%{ endfor }"'),
)  # fmt: skip
NUMBERS: Final = (
    *("0", "1", "2", "3", "7", "10", "16", "-1", "-3", "64", "100", "1024", "0.5", "0.1", "0.2", "1.5", "-2.5", "2.25"),
    *("1e3", "1e-3", "1e21", "1e-7", "123456789", "9007199254740993", "9007199254740993.0", "1.10", "1e400", "3.14159"),
)  # fmt: skip
BOOLS: Final = ("true", "false", "true", "!true", "!false")
PATTERNS: Final = (
    *('"a"', '"[a-c]+"', '"(\\\\w+)-(\\\\w+)"', '"(?P<x>a)(?P<y>b)?"', '"^a.*$"', '"\\\\d+"', '"\\\\s"', '"(a|ab)(c|bcd)?"'),
    *('"(?i)A"', '"a*"', '"(a*)+"', '"a{2,3}"', '"[^a]"', '"(?s)."', '"(?m)^b$"', '"\\\\bhello\\\\b"', '"[[:upper:]]"', '"x*?"'),
    *('"("', '"a**"', '"(?=a)"', '"\\\\pL+"', '"(a)(?P<n>b)"', '""', '"a||b"', '"[\\\\d.]+"', '"(?U)a+"', '"\\\\Qa.b\\\\E"'),
)  # fmt: skip
FORMATS: Final = (
    *('"%s"', '"%d"', '"%5d|"', '"%-5s|"', '"%05d"', '"%05s"', '"%+d"', '"%x"', '"%#x"', '"%b"', '"%o"', '"%X"', '"%q"'),
    *('"%v"', '"%#v"', '"%t"', '"%f"', '"%.2f"', '"%8.3f|"', '"%e"', '"%g"', '"%.3g"', '"%G"', '"%%"', '"%.2s"', '"%5.1f"'),
    *('"%s-%s"', '"%[2]s %[1]s"', '"%[1]s%[1]s"', '"%d%%"', '"% d"', '"%-8q|"', '"%y"', '"%"', '"%6.2e|"', '"%08.3f"', '"plain"'),
)  # fmt: skip
DATES: Final = (
    *('"YYYY-MM-DD"', '"DD MMM YYYY hh:mm ZZZ"', '"EEEE, DD-MMM-YY hh:mm:ss ZZZ"', '"h\'o\'\'clock\' aa"', '"HH:mm AA"'),
    *('"Z"', '"ZZZZZ"', '"MMMM D"', '"EEE"', '"ZZZZ"', '"YYY"', '"\'open"', '"s"', '"YYYYMMDDhhmmss"'),
)  # fmt: skip


class Expressions:
    """A source of expressions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def many(self, number: int) -> Iterator[str]:
        """So many different expressions."""
        seen: set[str] = set()
        while len(seen) < number:
            expression = self.any(self.random.choice((1, 2, 2, 3)))
            if len(expression) < 400 and expression not in seen:
                seen.add(expression)
                yield expression

    def one(self, *options: str) -> str:
        return self.random.choice(options)

    def any(self, depth: int) -> str:
        kind = self.random.choice(
            (
                self.text,
                self.number,
                self.bool,
                self.list,
                self.map,
                self.text,
                self.number,
                self.bool,
                self.odd,
            )
        )
        return kind(depth)

    # Each makes an expression that has, most of the time, one type.

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self.one(*TEXTS)
        below = depth - 1
        text, number = (lambda: self.text(below)), (lambda: self.number(below))
        name = self.one(
            *("upper", "lower", "title", "chomp", "strrev", "trimspace", "base64encode", "base64decode", "urlencode"),
            *("md5", "sha1", "sha256", "sha512", "base64sha256", "base64sha512", "jsonencode", "tostring", "cidrnetmask"),
            *("template", "template", "conditional", "substr", "trim", "replace", "regex", "join", "format", "format"),
            *("indent", "cidrsubnet", "cidrhost", "timeadd", "formatdate", "index", "coalesce", "element", "lookup"),
            *("textencodebase64", "textdecodebase64", "uuidv5", "one", "try", "attribute", "heredoc"),
            "yamlencode",
        )  # fmt: skip
        if name == "template":
            before, after = self.one("", "a", "x=", "é"), self.one("", "-", "${1 + 1}")
            return f'"{before}${{{self.primitive(below)}}}{after}"'
        if name == "heredoc":
            return f"(<<-EOT\n    a\n      ${{{self.primitive(0)}}}\n    EOT\n  )"
        if name == "conditional":
            return f"({self.bool(below)} ? {text()} : {self.one(text(), text(), number(), self.bool(0))})"
        if name == "index":
            place, key = self.one("0", "1", "5"), self.one("a", "b", "c")
            return self.one(f"{self.list(0)}[{place}]", f'{self.map(0)}["{key}"]')
        if name == "attribute":
            return f"{self.map(0)}.{self.one(*'abc')}"
        if name == "try":
            return f"try({self.any(below)}, {text()})"
        arguments = {
            "substr": (text(), number(), number()),
            "trim": (text(), text()),
            "replace": (text(), self.one(self.one(*TEXTS), '"/[a-c]/"', '"/(.)b/"', '"/a*/"'), self.one('"x"', '"$1-"', '"$$"', text())),
            "regex": (self.one(*PATTERNS), text()),
            "join": (text(), self.list(below)),
            "format": (self.one(*FORMATS), *self.some(lambda: self.any(below), 0, 2)),
            "indent": (self.one("0", "1", "2", "4"), text()),
            "cidrsubnet": (self.one(*TEXTS[32:36]), self.one("0", "2", "8", "40", "1.5"), number()),
            "cidrhost": (self.one(*TEXTS[32:36]), number()),
            "timeadd": (self.one('"2023-04-05T06:07:08Z"', '"2020-02-29T23:59:59+01:30"', text()), self.one('"1h30m"', '"-90s"', '"1.5h"', text())),
            "formatdate": (self.one(*DATES), self.one('"2023-04-05T06:07:08Z"', '"2020-02-29T23:59:59+01:30"', '"x"')),
            "coalesce": tuple(self.some(lambda: self.one(text(), '""', self.any(0)), 1, 3)),
            "element": (self.list(below), number()),
            "lookup": (self.map(below), self.one('"a"', '"b"', '"z"'), *self.some(text, 0, 1)),
            "textencodebase64": (text(), self.one('"UTF-8"', '"UTF-16LE"', '"ISO-8859-1"')),
            "textdecodebase64": (self.one('"YQBiAA=="', '"YWI="', text()), self.one('"UTF-8"', '"UTF-16LE"', '"ISO-8859-1"')),
            "uuidv5": (self.one('"dns"', '"url"', '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"'), text()),
            "one": (self.list(below),),
            "jsonencode": (self.any(below),),
            "yamlencode": (self.any(below),),
            "tostring": (self.primitive(below),),
        }.get(name, (text(),))  # fmt: skip
        return f"{name}({', '.join(arguments)})"

    def number(self, depth: int) -> str:
        if depth <= 0:
            return self.one(*NUMBERS)
        below = depth - 1
        number = lambda: self.number(below)  # noqa: E731
        name = self.one(
            *("operator", "operator", "operator", "operator", "conditional", "abs", "ceil", "floor", "signum", "max", "min"),
            *("pow", "log", "parseint", "length", "length", "sum", "index", "tonumber", "timecmp", "negative", "element"),
        )  # fmt: skip
        if name == "operator":
            return f"({number()} {self.one('+', '-', '*', '/', '%')} {self.one(number(), number(), self.text(0))})"
        if name == "negative":
            return f"-{self.one(*NUMBERS[1:7])}"
        if name == "conditional":
            return f"({self.bool(below)} ? {number()} : {self.one(number(), self.text(0))})"
        arguments = {
            "max": tuple(self.some(number, 1, 3)),
            "min": tuple(self.some(number, 1, 3)),
            "pow": (number(), self.one("0", "1", "2", "3", "10", "-1", "0.5", "64")),
            "log": (self.one("1", "2", "3", "8", "10", "100", "1000", "0.5", number()), self.one("2", "10", "3")),
            "parseint": (self.text(below), self.one("2", "8", "10", "16", "36", "62")),
            "length": (self.one(self.text(below), self.list(below), self.map(below)),),
            "sum": (self.list(below),),
            "index": (self.list(below), self.any(0)),
            "tonumber": (self.primitive(below),),
            "timecmp": ('"2023-04-05T06:07:08Z"', self.one('"2020-02-29T23:59:59+01:30"', '"2023-04-05T07:07:08+01:00"')),
            "element": (self.list(below), number()),
        }.get(name, (number(),))  # fmt: skip
        return f"{name}({', '.join(arguments)})"

    def bool(self, depth: int) -> str:
        if depth <= 0:
            return self.one(*BOOLS)
        below = depth - 1
        name = self.one(
            *("==", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "!", "can", "contains", "startswith", "endswith"),
            *("strcontains", "alltrue", "anytrue", "tobool", "conditional", "kind"),
        )  # fmt: skip
        if name in ("==", "!="):
            value = self.any(below)
            return (
                f"({value} {name} {self.one(value, self.any(below), self.any(below), self.converted(value))})"
            )
        if name in ("<", "<=", ">", ">="):
            return f"({self.number(below)} {name} {self.number(below)})"
        if name in ("&&", "||"):
            return f"({self.bool(below)} {name} {self.bool(below)})"
        if name == "!":
            return f"!{self.bool(below)}"
        if name == "kind":
            value = self.one(self.list(below), self.map(below))
            return f"({value} == {self.converted(value)})"
        if name == "conditional":
            return f"({self.bool(below)} ? {self.bool(below)} : {self.one(self.bool(below), self.text(0))})"
        arguments = {
            "can": (self.any(below),),
            "contains": (self.list(below), self.any(0)),
            "alltrue": (self.list(below),),
            "anytrue": (self.list(below),),
            "tobool": (self.primitive(below),),
        }.get(name, (self.text(below), self.text(0)))
        return f"{name}({', '.join(arguments)})"

    def converted(self, value: str) -> str:
        return f"{self.one('tolist', 'toset', 'tomap', 'tostring')}({value})"

    def primitive(self, depth: int) -> str:
        return self.one(
            self.text(depth), self.number(depth), self.bool(depth), self.one("null", "1", '"a"', "true")
        )

    def list(self, depth: int) -> str:
        if depth <= 0:
            element = self.random.choice((self.text, self.number, self.bool, self.primitive, self.text))
            return f"[{', '.join(self.some(lambda: element(0), 0, 4))}]"
        below = depth - 1
        items = lambda: self.list(below)  # noqa: E731
        name = self.one(
            *("literal", "literal", "for", "for", "for", "splat", "tolist", "toset", "concat", "flatten", "compact", "distinct"),
            *("reverse", "sort", "slice", "range", "range", "split", "keys", "values", "chunklist", "setproduct", "setunion"),
            *("setintersection", "setsubtract", "matchkeys", "regexall", "cidrsubnets", "formatlist", "coalescelist"),
            *("jsondecode", "csvdecode", "conditional", "yamldecode"),
        )  # fmt: skip
        if name == "literal":
            return f"[{', '.join(self.some(lambda: self.any(below), 0, 3))}]"
        if name == "for":
            over = self.one(items(), items(), self.map(below))
            value = self.one("v", '"${k}"', "k", "[k, v]", "v == 1", '"<${v}>"', "{ a = v }")
            condition = self.one("", "", " if v != null", ' if "${k}" != "0"', ' if v != "a"')
            return f"[for k, v in {over} : {value}{condition}]"
        if name == "splat":
            return self.one(
                f"{items()}[*]",
                f"[{self.map(0)}, {self.map(0)}][*].a",
                f"{self.text(0)}[*]",
                f"values({self.map(0)})[*]",
            )
        if name == "conditional":
            return f"({self.bool(below)} ? {items()} : {self.one(items(), items())})"
        arguments = {
            "concat": tuple(self.some(items, 1, 3)),
            "slice": (items(), self.one("0", "1"), self.one("1", "2", "3")),
            "range": tuple(self.some(lambda: self.one("0", "1", "3", "5", "-2", "0.5", "2.5"), 1, 3)),
            "split": (self.one('","', '""', '"."', self.text(0)), self.text(below)),
            "keys": (self.map(below),),
            "values": (self.map(below),),
            "chunklist": (items(), self.one("0", "1", "2", "-1")),
            "setproduct": (items(), items()),
            "setunion": tuple(self.some(items, 1, 3)),
            "setintersection": tuple(self.some(items, 1, 3)),
            "setsubtract": (items(), items()),
            "matchkeys": ("[1, 2]", items(), items()),
            "regexall": (self.one(*PATTERNS), self.text(below)),
            "cidrsubnets": (self.one(*TEXTS[32:36]), *self.some(lambda: self.one("2", "4", "8", "9"), 0, 3)),
            "formatlist": (self.one(*FORMATS), *self.some(lambda: self.one(items(), self.text(below)), 0, 2)),
            "coalescelist": tuple(self.some(items, 1, 3)),
            "jsondecode": (self.one('"[1,2]"', '"[1.0, \\"a\\", null]"', '"{"', f"jsonencode({items()})"),),
            "yamldecode": (self.one('"- 1\\n- a: [yes]\\n- ~\\n"', '"[1.0, \\"2\\", 0x1F]"', '"- a\\nb"', f"yamlencode({items()})"),),
            "csvdecode": (self.one('"k,v\\n1,2\\n"', '"a\\n\\n\\"x,\\"\\"y\\"\\n"', '"a,a\\n"', '"a\\n1,2"', '""'),),
        }.get(name, (items(),))  # fmt: skip
        return f"{name}({', '.join(arguments)})"

    def map(self, depth: int) -> str:
        if depth <= 0:
            element = self.random.choice((self.text, self.number, self.bool, self.primitive))
            names = self.random.sample("abcd", self.random.randint(0, 3))
            return f"{{ {', '.join(f'{name} = {element(0)}' for name in names)} }}"
        below = depth - 1
        table = lambda: self.map(below)  # noqa: E731
        name = self.one(
            *("literal", "literal", "for", "for", "grouped", "tomap", "merge", "merge", "zipmap", "transpose", "jsondecode"),
            *("conditional", "arn_parse", "yamldecode"),
        )  # fmt: skip
        if name == "literal":
            keys = [
                self.one("a", "b", '"c d"', "(1)", f"({self.primitive(0)})")
                for _ in range(self.random.randint(0, 3))
            ]
            return f"{{ {', '.join(f'{key} = {self.any(below)}' for key in keys)} }}"
        if name == "for":
            over = self.one(self.list(below), table())
            key = self.one("k", "v", '"x${k}"')
            return f"{{ for k, v in {over} : {key} => {self.one('v', 'k', '[v]')} }}"
        if name == "grouped":
            key = self.one("v", '"x"')
            return f"{{ for k, v in {self.list(below)} : {key} => k... }}"
        if name == "conditional":
            return f"({self.bool(below)} ? {table()} : {self.one(table(), table())})"
        if name == "arn_parse":
            return f'regex("^(?P<scheme>[^:]+):(?P<rest>.*)$", {self.text(below)})'
        arguments = {
            "merge": tuple(self.some(lambda: self.one(table(), table(), "null"), 0, 3)),
            "zipmap": (self.list(below), self.list(below)),
            "transpose": (self.one('{ a = ["x", "y"], b = ["y"] }', table()),),
            "yamldecode": (self.one('"a: 1\\nb: {c: on}\\n"', '"x: &x {a: 1}\\ny: {<<: *x, b: 2}"', f"yamlencode({table()})"),),
            "jsondecode": (self.one('"{\\"a\\":[1,{\\"b\\":null}]}"', f"jsonencode({table()})"),),
        }.get(name, (table(),))  # fmt: skip
        return f"{name}({', '.join(arguments)})"

    def odd(self, depth: int) -> str:
        """What has no place elsewhere."""
        below = depth - 1
        place = self.one("0", "1", "-1", "0.5", '"1"')
        return (
            self.one(
                "null",
                f"{self.any(below)}.a",
                f"{self.any(below)}[0]",
                f"try({self.any(below)}, {self.any(0)})",
                f"coalesce({self.any(below)}, {self.any(0)})",
                f"[{self.any(below)}, {self.any(0)}][{place}]",
                f"merge({self.map(0)}, {self.any(below)})",
                f"length({self.any(below)})",
                f"tolist({self.any(below)})",
                f"({self.bool(below)} ? {self.any(below)} : {self.any(below)})",
                f"jsonencode({self.any(below)})",
                f"flatten([{self.list(below)}, [{self.any(0)}]])",
            )
            if depth > 0
            else self.one("null", "[]", "{}", "true", "1")
        )

    def some(self, make: Callable[[], str], least: int, most: int) -> list[str]:
        return [make() for _ in range(self.random.randint(least, most))]
