"""HCL read with python-hcl2: its parse tree gives blocks and arguments with their places.

The values are evaluated from the source text of each argument, because python-hcl2's own conversion to
Python loses what the gate needs: the last of two equal arguments wins silently, and quotes and heredocs
stay as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn

from policies.engine.model import Place
from policies.engine.values import steps
from policies.readers.configuration import Block, Body
from policies.readers.evaluation import Scope, evaluate, plain
from policies.readers.syntax import Literal, Node, SyntaxFault, parse_expression
from policies.readers.terraform_json import LABELS
from support.problem import Problem


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
    """The bodies of a file's `terraform` blocks, which hold nothing to judge and so are no `Block`s.

    Raises:
        Problem: it is malformed, or sets an argument twice.
    """
    return [body for kind, _, body in _Reader(text, file).top() if kind == "terraform"]


def variables(text: str, file: str) -> dict[str, Any]:
    """The values of a file of variables (`*.tfvars`).

    Raises:
        Problem: it is malformed, or holds something other than values.
    """
    reader = _Reader(text, file)
    body = reader.arguments()
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
    """Walks python-hcl2's parse tree of one file."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.tree = _tree(text, file)

    def top(self) -> list[tuple[str, tuple[str, ...], Body]]:
        result = []
        for child in self._children(self.tree):
            if child.data == "attribute":
                self._fail(child, f"{self._name(child.children[0])!r} stands outside of any block")
            kind, labels, body = self._block(child)
            result.append((kind, labels, body))
        return result

    def arguments(self) -> Body:
        return self._body(self.tree, 1)

    def _children(self, tree: Any) -> list[Any]:
        body = tree if tree.data == "body" else next(c for c in tree.children if _is(c, "body"))
        return [child for child in body.children if _is(child, "attribute") or _is(child, "block")]

    def _block(self, tree: Any) -> tuple[str, tuple[str, ...], Body]:
        kind, *labels = [self._name(child) for child in tree.children if _is_name(child)]
        return kind, tuple(labels), self._body(tree, tree.meta.line, tuple(labels))

    def _body(self, tree: Any, line: int, labels: tuple[str, ...] = ()) -> Body:
        body = Body(line, labels)
        for child in self._children(tree):
            if child.data == "attribute":
                name = self._name(child.children[0])
                if name in body:
                    self._fail(child, f"{name!r} is set twice, in line {body.lines[name]} and here")
                body[name] = self._value(child.children[-1])
                body.lines[name] = child.meta.line
                continue
            kind, names, inner = self._block(child)
            if kind == "dynamic" and names:
                body.setdefault("dynamic", {}).setdefault(names[0], []).append(inner)
                body.lines.setdefault(names[0], inner.line)
                continue
            blocks = body.setdefault(kind, [])
            if not isinstance(blocks, list) or (blocks and not isinstance(blocks[0], Body)):
                self._fail(child, f"{kind!r} is an argument in line {body.lines[kind]} and a block here")
            blocks.append(inner)
            body.lines.setdefault(kind, inner.line)
        return body

    def _value(self, tree: Any) -> Any:
        start, end = tree.meta.start_pos, tree.meta.end_pos
        try:
            node = parse_expression(self.text[start:end])
        except SyntaxFault as fault:
            line = self.text.count("\n", 0, start + fault.offset) + 1
            raise Problem(f"{self.file}:{line}: it cannot be parsed: {fault}") from fault
        if isinstance(node, Literal):
            value = node.value
            # A text that looks like a template stays a node, so that nobody opens it a second time.
            if value is not None and not (isinstance(value, str) and ("${" in value or "%{" in value)):
                return value
        return node

    def _name(self, tree: Any) -> str:
        if tree.data != "string":
            return str(tree.children[0])
        try:
            node = parse_expression(self.text[tree.meta.start_pos : tree.meta.end_pos])
        except SyntaxFault as fault:
            self._fail(tree, f"it cannot be parsed: {fault}")
        if not isinstance(node, Literal):
            self._fail(tree, "a label is a plain text")
        return str(node.value)

    def _fail(self, tree: Any, message: str) -> NoReturn:
        raise Problem(f"{self.file}:{tree.meta.line}: {message}")


_NAMES: Final = frozenset({"identifier", "keyword", "literal_value", "string"})


def _is(child: Any, name: str) -> bool:
    return getattr(child, "data", None) == name


def _is_name(child: Any) -> bool:
    return getattr(child, "data", None) in _NAMES


def _tree(text: str, file: str) -> Any:
    try:
        import hcl2
        from lark.exceptions import LarkError, UnexpectedInput
    except ImportError as error:
        raise Problem(
            f"{file}: HCL is read with python-hcl2, which is not installed: pip install python-hcl2"
        ) from error
    if not hasattr(hcl2, "parses_to_tree"):
        # Checkov's environment, where bc-python-hcl2 has taken the place of python-hcl2.
        from policies.checkov_host import hcl as fork

        return fork.tree(text, file)
    try:
        return hcl2.parses_to_tree(text)
    except UnexpectedInput as error:
        line = getattr(error, "line", 0) or 0
        if line < 1:
            line = text.count("\n") + 1
        found = getattr(error, "token", None)
        found = getattr(error, "char", None) if found is None else found
        words = f"unexpected {str(found)!r}" if found and str(found).strip() else "something is missing here"
        raise Problem(f"{file}:{line}: it cannot be parsed: {words}") from error
    except LarkError as error:
        raise Problem(f"{file}: it cannot be parsed: {error}") from error
