"""HCL: the scanner finds values and labels, python-hcl2 the blocks and arguments around them.

python-hcl2 gets the skeleton of each top-level block alone, with short stand-ins for values and labels: blocks of one
shape are parsed once, and its grammar need not know every expression. The values are parsed from the source text,
because python-hcl2's own conversion to Python loses what the gate needs: the last of two equal arguments wins silently,
and quotes and heredocs stay as they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
            (shape,) = self._shapes(item)
            at, name = next(self._names)
            if shape is None:
                self._fail(at, f"{name!r} stands outside of any block")
            labels, body = self._block(shape, self._line(at))
            result.append((name, labels, body))
        return result

    def arguments(self) -> Body:
        body = Body(1)
        for item in self.items:
            self._into(body, self._shapes(item))
        return body

    def _shapes(self, item: Scanned) -> tuple[_Shape, ...]:
        """The shape of an item, whose values and labels are next to be taken."""
        self._names, self._values = iter(item.names), iter(item.values)
        self._labels = iter(item.labels)
        try:
            shapes, names, labels = _shape(item.skeleton)
        except _Shapeless:
            self._fail(item.names[0][0], "it cannot be parsed: its blocks and arguments are not understood")
        scanned = [name if name.isascii() else "x" for _, name in item.names]
        if (names, labels) != (scanned, [len(one) for one in item.labels]):
            self._fail(item.names[0][0], "it cannot be parsed: its blocks and arguments are not understood")
        return shapes

    def _block(self, shape: tuple[_Shape, ...], line: int) -> tuple[tuple[str, ...], Body]:
        labels = tuple(self._label(label, line) for label in next(self._labels))
        body = Body(line, labels)
        self._into(body, shape)
        return labels, body

    def _into(self, body: Body, shapes: tuple[_Shape, ...]) -> None:
        for shape in shapes:
            at, name = next(self._names)
            line = self._line(at)
            if shape is None:
                if name in body:
                    self._fail(at, f"{name!r} is set twice, in line {body.lines[name]} and here")
                body[name] = self._value(*next(self._values))
                body.lines[name] = line
                continue
            labels, inner = self._block(shape, line)
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


_Shape = tuple[Any, ...] | None
"""What python-hcl2 finds in a skeleton: None for an argument, and for a block what is in it."""


class _Shapeless(Exception):
    """The parser does not take a skeleton."""


@lru_cache(maxsize=16384)
def _shape(skeleton: str) -> tuple[tuple[_Shape, ...], list[str], list[int]]:
    """The shapes in a skeleton, and for a check against the scanner: all names, and the number of each block's labels.

    Raises:
        _Shapeless: it cannot be parsed.
    """
    names: list[str] = []
    labels: list[int] = []

    def shapes(tree: Any) -> Iterator[_Shape]:
        body = tree if tree.data == "body" else next(child for child in tree.children if _is(child, "body"))
        for child in body.children:
            if _is(child, "attribute"):
                names.append(str(child.children[0].children[0]))
                yield None
            elif _is(child, "block"):
                heads = [one for one in child.children if getattr(one, "data", None) in _NAMES]
                names.append(str(heads[0].children[0]))
                labels.append(len(heads) - 1)
                yield tuple(shapes(child))

    return tuple(shapes(_tree(skeleton))), names, labels


_NAMES: Final = frozenset({"identifier", "keyword", "literal_value", "string"})


def _is(child: Any, name: str) -> bool:
    return getattr(child, "data", None) == name


def _tree(skeleton: str) -> Any:
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
        return parse(skeleton)
    except LarkError as error:
        raise _Shapeless from error
