"""HCL: the scanner finds names, values and labels, python-hcl2 says what the lines around them are.

python-hcl2 gets a line of the skeleton alone, with short stand-ins for names, values and labels: there are few kinds of
lines, and its grammar need not know every expression. What it says of those that Terraform's language is made of is
kept here, because loading its grammar takes longer than reading most folders. The values are parsed from the source
text, because python-hcl2's own conversion to Python loses what the gate needs: the last of two equal arguments wins
silently, and quotes and heredocs stay as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NoReturn

from cloudmart_support.problem import Problem
from policies.engine.model import Place
from policies.engine.values import steps
from policies.readers.declared import Block, Body
from policies.readers.evaluation import Scope, evaluate, plain
from policies.readers.scanner import Scanned, Unscannable, scan
from policies.readers.syntax import Literal, Node, SyntaxFault, parse_expression
from policies.readers.terraform_json import LABELS, Text


class _HclPlace(Place):
    """The place of a block, and of its arguments."""

    __slots__ = ("_body",)

    def __init__(self, file: str, body: Body) -> None:
        super().__init__(file, body.line)
        self._body = body

    def line(self, attribute: str = "") -> int:
        found = self._line
        here: Any = self._body
        for step in steps(attribute) if attribute else ():
            if isinstance(step, str):
                if isinstance(here, list):
                    here = here[0] if here else None
                if not isinstance(here, Body) or step not in here.lines:
                    return found
                found = here.lines[step]
                here = here.get(step)
            elif isinstance(here, list):
                index = step if isinstance(step, int) else 0
                if index >= len(here) or not isinstance(here[index], Body):
                    return found
                here = here[index]
                found = here.line
        return found


def parse(text: str, file: str) -> list[Block]:
    """The top-level blocks of a file in HCL, in order.

    Raises:
        Problem: it is malformed, sets an argument twice, or is no Terraform configuration.
    """
    blocks: list[Block] = []
    for kind, labels, body in _Reader(text, file).top():
        wanted = LABELS.get(kind)
        if wanted is None:
            raise Problem(f"{file}:{body.line}: {kind!r} is no block of Terraform's configuration language")
        if len(labels) != wanted:
            raise Problem(f"{file}:{body.line}: a {kind} block has {wanted} labels, not {len(labels)}")
        blocks.append(Block(kind, labels, body, _HclPlace(file, body)))
        if kind == "check":
            scoped = body.get("data")
            for inner in scoped if isinstance(scoped, list) else ():
                if len(inner.labels) != LABELS["data"]:
                    raise Problem(f"{file}:{inner.line}: a data block has {LABELS['data']} labels")
                blocks.append(Block("data", inner.labels, inner, _HclPlace(file, inner), check=labels[0]))
    return blocks


def settings(text: str, file: str) -> list[Body]:
    """The bodies of a file's `terraform` blocks alone, for who asks no more of it.

    Raises:
        Problem: it is malformed, or sets an argument twice.
    """
    return [body for kind, _, body in _Reader(text, file).top() if kind == "terraform"]


def arguments(text: str, file: str) -> Body:
    """The arguments and blocks of any file in HCL, as one body.

    Raises:
        Problem: it is malformed, or sets an argument twice.
    """
    return _Reader(text, file).arguments()


def variables(text: str, file: str) -> dict[str, Any]:
    """The values of a file of variables (`*.tfvars`).

    Raises:
        Problem: it is malformed, or holds something other than values.
    """
    body = arguments(text, file)
    result: dict[str, Any] = {}
    for name, value in body.items():
        if not isinstance(value, Node) and not isinstance(value, list):
            result[name] = value
            continue
        if isinstance(value, list):
            raise Problem(f"{file}:{body.lines[name]}: {name}: a file of variables holds values, not blocks")
        result[name] = plain(evaluate(value, _Nothing(f"{file}:{body.lines[name]}: {name}")))
    return result


class _Nothing:
    """The scope of a file of variables: there are no names in it."""

    def __init__(self, place: str) -> None:
        self.place = place

    def name(self, name: str) -> NoReturn:
        raise Problem(f"{self.place}: variables may not be used here; {name!r} is one")

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return self

    def call(self, name: str, arguments: list[Any]) -> NoReturn:
        raise Problem(f"{self.place}: functions may not be called here; {name}() is one")


class _Reader:
    """Reads the top-level items of one file, each by the skeleton that the scanner finds of it."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._places = Text(file, text)
        self._start = 0
        self._lines: Iterator[str] = iter(())
        self._names: Iterator[tuple[int, str]] = iter(())
        self._values: Iterator[tuple[int, int]] = iter(())
        self._labels: Iterator[tuple[str, ...]] = iter(())
        try:
            self.items = scan(text)
        except Unscannable as error:
            self._fail(error.offset, f"it cannot be parsed: {error}")

    def top(self) -> list[tuple[str, tuple[str, ...], Body]]:
        result = []
        for item in self.items:
            self._open(item)
            form = self._form(next(self._lines))
            at, name = next(self._names)
            if form is None:
                self._fail(at, f"{name!r} stands outside of any block")
            result.append((name, *self._block(form, self._line(at))))
        return result

    def arguments(self) -> Body:
        body = Body(1)
        for item in self.items:
            self._open(item)
            self._into(body, self._lines)
        return body

    def _open(self, item: Scanned) -> None:
        """Begin an item: its lines, names, values and labels are next to be taken."""
        self._start = item.start
        self._lines, self._names = iter(item.skeleton), iter(item.names)
        self._values, self._labels = iter(item.values), iter(item.labels)

    def _form(self, line: str) -> _Form:
        try:
            return _FORMS[line] if line in _FORMS else _asked(line)
        except _Formless:
            self._fail(self._start, "it cannot be parsed: its blocks and arguments are not understood")

    def _block(self, form: tuple[int, int | None], line: int) -> tuple[tuple[str, ...], Body]:
        labels = tuple(self._label(label, line) for label in next(self._labels))
        body = Body(line, labels)
        lines = iter(self._lines.__next__, _CLOSING) if form[1] is None else [_ARGUMENT] * form[1]
        self._into(body, lines)
        return labels, body

    def _into(self, body: Body, lines: Iterable[str]) -> None:
        for one in lines:
            form = self._form(one)
            at, name = next(self._names)
            line = self._line(at)
            if form is None:
                if name in body:
                    self._fail(at, f"{name!r} is set twice, in line {body.lines[name]} and here")
                body[name] = self._value(*next(self._values))
                body.lines[name] = line
                continue
            labels, inner = self._block(form, line)
            if name == "dynamic" and labels:
                if not isinstance(body.setdefault("dynamic", {}), dict):
                    self._fail(at, f"'dynamic' is an argument in line {body.lines[name]} and a block here")
                body["dynamic"].setdefault(labels[0], []).append(inner)
                body.lines.setdefault(labels[0], line)
                continue
            blocks = body.setdefault(name, [])
            if not isinstance(blocks, list) or (blocks and not isinstance(blocks[0], Body)):
                self._fail(at, f"{name!r} is an argument in line {body.lines[name]} and a block here")
            blocks.append(inner)
            body.lines.setdefault(name, line)

    def _value(self, start: int, end: int) -> Any:
        try:
            node = parse_expression(self.text[start:end])
        except SyntaxFault as fault:
            raise Problem(
                f"{self.file}:{self._line(start + fault.offset)}: it cannot be parsed: {fault}"
            ) from fault
        if isinstance(node, Literal):
            value = node.value
            # A text that looks like a template stays a node, so that nobody opens it a second time.
            if value is not None and not (isinstance(value, str) and ("${" in value or "%{" in value)):
                return value
        return node

    def _label(self, label: str, line: int) -> str:
        if not label.startswith('"'):
            return label
        try:
            node = parse_expression(label)
        except SyntaxFault as fault:
            raise Problem(f"{self.file}:{line}: it cannot be parsed: {fault}") from fault
        assert isinstance(node, Literal), "the scanner takes no label with a template in it"
        return str(node.value)

    def _line(self, offset: int) -> int:
        return self._places.line(offset)

    def _fail(self, offset: int, message: str) -> NoReturn:
        raise Problem(f"{self.file}:{self._line(offset)}: {message}")


_Form = tuple[int, int | None] | None
"""What a line of a skeleton is: None an argument; for a block the number of its labels, and where it is closed in
the same line, of its arguments."""

_ARGUMENT: Final = "x = 0"
_CLOSING: Final = "}"

# What python-hcl2 says of these lines, so that its grammar need not be loaded to hear it again. A test asks.
_FORMS: Final[Mapping[str, _Form]] = {
    _ARGUMENT: None,
    "x {": (0, None),
    "x {}": (0, 0),
    "x { x = 0 }": (0, 1),
    'x "x" {': (1, None),
    'x "x" {}': (1, 0),
    'x "x" { x = 0 }': (1, 1),
    'x "x" "x" {': (2, None),
    'x "x" "x" {}': (2, 0),
    'x "x" "x" { x = 0 }': (2, 1),
}


class _Formless(Exception):
    """The parser does not take a line."""


@lru_cache(maxsize=64)
def _asked(line: str) -> _Form:
    """What python-hcl2 says that a line of a skeleton is.

    Raises:
        _Formless: it cannot be parsed.
    """
    opens = line.endswith("{")
    tree = _tree(f"{line}\n{_CLOSING}\n" if opens else f"{line}\n")
    body = tree if tree.data == "body" else next(child for child in tree.children if _is(child, "body"))
    (only,) = (child for child in body.children if _is(child, "attribute") or _is(child, "block"))
    if _is(only, "attribute"):
        return None
    names = [one for one in only.children if getattr(one, "data", None) in _NAMES]
    inner = next(child for child in only.children if _is(child, "body"))
    return len(names) - 1, None if opens else sum(_is(child, "attribute") for child in inner.children)


_NAMES: Final = frozenset({"identifier", "keyword", "literal_value", "string"})


def _is(child: Any, name: str) -> bool:
    return getattr(child, "data", None) == name


def _tree(text: str) -> Any:
    try:
        import hcl2
        from lark.exceptions import LarkError
    except ImportError as error:
        raise Problem(
            "HCL is read with python-hcl2, which is not installed: pip install python-hcl2"
        ) from error
    if not hasattr(hcl2, "parses_to_tree"):
        # Checkov's environment, where bc-python-hcl2 has taken the place of python-hcl2.
        from policies.readers import hcl_of_checkov

        parse: Callable[[str], Any] = hcl_of_checkov.tree
    else:
        parse = hcl2.parses_to_tree
    try:
        return parse(text)
    except LarkError as error:
        raise _Formless from error
