"""Terraform's expression language: a parser, and an evaluator that says "unknown" where it cannot know.

The parser reads what stands between `${` and `}` in Terraform JSON and on the right of `=` in HCL.
Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn, Protocol

from policies.model import ABSENT, Sensitive, Traced, Unknown, as_boolean, as_number, as_text, references_of


class SyntaxFault(ValueError):
    """The text is no expression; `offset` counts characters from its start."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


# --- the tree -------------------------------------------------------------------------------------------


class Node:
    """An expression."""

    __slots__ = ()


@dataclass(slots=True)
class Literal(Node):
    value: Any


@dataclass(slots=True)
class Template(Node):
    parts: list[Node]


@dataclass(slots=True)
class Name(Node):
    name: str


@dataclass(slots=True)
class GetAttr(Node):
    target: Node
    name: str


@dataclass(slots=True)
class Index(Node):
    target: Node
    key: Node


@dataclass(slots=True)
class Splat(Node):
    """`target[*]` with the steps that apply to each element, built on `Each`."""

    target: Node
    body: Node


class Each(Node):
    """Within a splat: the element."""

    __slots__ = ()


@dataclass(slots=True)
class Call(Node):
    name: str
    arguments: list[Node]
    expand: bool


@dataclass(slots=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True)
class Tuple(Node):
    items: list[Node]


@dataclass(slots=True)
class Object(Node):
    items: list[tuple[Node, Node]]


@dataclass(slots=True)
class For(Node):
    key_name: str
    value_name: str
    collection: Node
    key: Node | None
    value: Node
    condition: Node | None
    grouped: bool


# --- the parser -----------------------------------------------------------------------------------------

_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_IDENTIFIER: Final = re.compile(r"[^\W\d][\w-]*")
# A name and attributes behind it, up to the end of an interpolation.
_TRAVERSAL: Final = re.compile(r"(?!(?:true|false|null)\.)[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)+(?=})")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR: Final = re.compile(r"\|\||&&|==|!=|<=|>=|[<>+\-*/%]")
_HEREDOC: Final = re.compile(r"<<(-?)([^\W\d][\w.-]*)\r?\n")
_PLAIN_QUOTED: Final = re.compile(r'[^"\\$%]+')
_PLAIN_TEXT: Final = re.compile(r"[^$%]+")
_DIRECTIVE: Final = re.compile(r"\s*(if|else|endif|for|endfor)\b")
_PRECEDENCE: Final = {
    **dict.fromkeys(["||"], 1),
    **dict.fromkeys(["&&"], 2),
    **dict.fromkeys(["==", "!="], 3),
    **dict.fromkeys(["<", ">", "<=", ">="], 4),
    **dict.fromkeys(["+", "-"], 5),
    **dict.fromkeys(["*", "/", "%"], 6),
}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_EACH: Final = Each()


class _Parser:
    """Recursive descent over the characters of one expression or template."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.brackets: list[str] = []

    def fail(self, message: str) -> NoReturn:
        raise SyntaxFault(message, self.at)

    def skip(self) -> bool:
        """Skip white space and comments; whether a line end was among them."""
        match = _SPACE.match(self.text, self.at)
        assert match
        start, self.at = self.at, match.end()
        return "\n" in self.text[start : self.at]

    def sees(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def take(self, token: str) -> bool:
        self.skip()
        if self.sees(token):
            self.at += len(token)
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.take(token):
            self.fail(f"expected {token!r}")

    def identifier(self) -> str:
        self.skip()
        match = _IDENTIFIER.match(self.text, self.at)
        if not match:
            self.fail("expected a name")
        self.at = match.end()
        return match.group()

    def word(self, word: str) -> bool:
        self.skip()
        match = _IDENTIFIER.match(self.text, self.at)
        if match and match.group() == word:
            self.at = match.end()
            return True
        return False

    def expression(self) -> Node:
        condition = self.operation(0)
        self.skip()
        if self.sees("?"):
            self.at += 1
            then = self.expression()
            self.expect(":")
            return Conditional(condition, then, self.expression())
        return condition

    def operation(self, minimum: int) -> Node:
        left = self.unary()
        while True:
            start = self.at
            self.skip()
            match = _OPERATOR.match(self.text, self.at)
            if not match or self.text.startswith("=>", self.at):
                self.at = start
                return left
            operator = match.group()
            precedence = _PRECEDENCE[operator]
            if precedence <= minimum:
                self.at = start
                return left
            self.at = match.end()
            left = Binary(operator, left, self.operation(precedence))

    def unary(self) -> Node:
        self.skip()
        for operator in ("!", "-"):
            if self.sees(operator):
                self.at += 1
                return Unary(operator, self.unary())
        return self.postfix(self.primary())

    def postfix(self, node: Node) -> Node:
        while True:
            start = self.at
            newline = self.skip()
            if self.sees("..."):
                return node
            if self.sees("."):
                self.at += 1
                self.skip()
                if self.sees("*"):
                    self.at += 1
                    body: Node = _EACH
                    while self.take("."):
                        body = GetAttr(body, self.identifier())
                    node = Splat(node, body)
                    continue
                number = re.compile(r"\d+").match(self.text, self.at)
                if number:
                    self.at = number.end()
                    node = Index(node, Literal(int(number.group())))
                    continue
                node = GetAttr(node, self.identifier())
            elif self.sees("[") and (not newline or (self.brackets and self.brackets[-1] != "{")):
                self.at += 1
                if self.take("*"):
                    self.expect("]")
                    return Splat(node, self.postfix(_EACH))
                self.brackets.append("[")
                node = Index(node, self.expression())
                self.brackets.pop()
                self.expect("]")
            else:
                self.at = start
                return node

    def primary(self) -> Node:
        self.skip()
        text, at = self.text, self.at
        if at >= len(text):
            self.fail("the expression ends too early")
        character = text[at]
        if character == '"':
            self.at += 1
            return self.quoted()
        if character == "(":
            self.at += 1
            self.brackets.append("(")
            node = self.expression()
            self.brackets.pop()
            self.expect(")")
            return node
        if character == "[":
            self.at += 1
            return self.tuple_()
        if character == "{":
            self.at += 1
            return self.object_()
        if character.isdigit() and (number := _NUMBER.match(text, at)):
            self.at = number.end()
            digits = number.group()
            try:
                return Literal(int(digits) if digits.isdecimal() else float(digits))
            except ValueError:
                self.fail("the number is too long")
        heredoc = _HEREDOC.match(text, at)
        if heredoc:
            return self.heredoc(heredoc)
        if not _IDENTIFIER.match(text, at):
            self.fail(f"unexpected {character!r}")
        name = self.identifier()
        while self.sees("::"):
            self.at += 2
            name += "::" + self.identifier()
        start = self.at
        if not self.skip() and self.sees("("):
            self.at += 1
            return self.call(name)
        self.at = start
        if name in ("true", "false", "null"):
            return Literal({"true": True, "false": False, "null": None}[name])
        return Name(name)

    def call(self, name: str) -> Node:
        arguments: list[Node] = []
        expand = False
        self.brackets.append("(")
        while not self.take(")"):
            arguments.append(self.expression())
            if self.take("..."):
                expand = True
                self.expect(")")
                break
            if not self.take(","):
                self.expect(")")
                break
        self.brackets.pop()
        return Call(name, arguments, expand)

    def tuple_(self) -> Node:
        self.brackets.append("[")
        if self.word("for"):
            node = self.for_(None)
            self.expect("]")
        else:
            items: list[Node] = []
            while not self.take("]"):
                items.append(self.expression())
                if not self.take(","):
                    self.expect("]")
                    break
            node = Tuple(items)
        self.brackets.pop()
        return node

    def object_(self) -> Node:
        self.brackets.append("{")
        start = self.at
        if self.word("for") and not (self.take("=") or self.take(":")):
            node = self.for_("}")
            self.expect("}")
            self.brackets.pop()
            return node
        self.at = start
        items: list[tuple[Node, Node]] = []
        while not self.take("}"):
            key = self.key()
            if not self.take("=") and not self.take(":"):
                self.fail("expected '=' or ':'")
            items.append((key, self.expression()))
            if not self.take(","):
                newline = self.skip() or "\n" in self.text[start : self.at]
                if not newline and not self.sees("}"):
                    self.fail("expected ',' or '}'")
        self.brackets.pop()
        return Object(items)

    def key(self) -> Node:
        self.skip()
        match = _IDENTIFIER.match(self.text, self.at)
        if match:
            start, self.at = self.at, match.end()
            self.skip()
            if (self.sees("=") and not self.sees("==")) or self.sees(":"):
                return Literal(match.group())
            self.at = start
        return self.expression()

    def for_(self, close: str | None) -> Node:
        key_name, value_name = "", self.identifier()
        if self.take(","):
            key_name, value_name = value_name, self.identifier()
        if not self.word("in"):
            self.fail("expected 'in'")
        collection = self.expression()
        self.expect(":")
        key: Node | None = None
        value = self.expression()
        grouped = False
        if close:
            self.expect("=>")
            key, value = value, self.expression()
            grouped = self.take("...")
        condition = self.expression() if self.word("if") else None
        return For(key_name, value_name, collection, key, value, condition, grouped)

    # templates

    def quoted(self) -> Node:
        """A quoted template; the opening quote is taken."""
        parts: list[Any] = []
        text = self.text
        while True:
            plain = _PLAIN_QUOTED.match(text, self.at)
            if plain:
                parts.append(plain.group())
                self.at = plain.end()
            if self.at >= len(text):
                self.fail("a quote is not closed")
            character = text[self.at]
            if character == '"':
                self.at += 1
                return _template(self.assembled(parts))
            if character == "\\":
                parts.append(self.escape())
            elif not self.interpolation(parts):
                parts.append(character)
                self.at += 1

    def escape(self) -> str:
        marker = self.text[self.at + 1 : self.at + 2]
        if marker in _ESCAPES and marker:
            self.at += 2
            return _ESCAPES[marker]
        width = {"u": 4, "U": 8}.get(marker)
        digits = self.text[self.at + 2 : self.at + 2 + width] if width else ""
        if not width or not re.fullmatch(r"[0-9a-fA-F]+", digits) or len(digits) != width:
            self.fail("this escape is not known")
        self.at += 2 + width
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            self.fail("this escape is no character")

    def interpolation(self, parts: list[Any]) -> bool:
        """Take `$${`, `%%{`, `${...}` or `%{...}` into `parts`, if one stands here."""
        if self.sees("$${") or self.sees("%%{"):
            parts.append(self.text[self.at] + "{")
            self.at += 3
            return True
        if self.sees("${"):
            self.at += 2
            if match := _TRAVERSAL.match(self.text, self.at):
                # Nearly all interpolations are no more than this.
                self.at = match.end() + 1
                root, *names = match.group().split(".")
                node: Node = Name(root)
                for name in names:
                    node = GetAttr(node, name)
                parts.append(node)
                return True
            trim_before = self.sees("~")
            self.at += trim_before
            self.brackets.append("(")
            node = self.expression()
            self.brackets.pop()
            trim_after = self.take("~")
            self.expect("}")
            parts.extend((_Trim.BEFORE,) if trim_before else ())
            parts.append(node)
            parts.extend((_Trim.AFTER,) if trim_after else ())
            return True
        if self.sees("%{"):
            self.directive(parts)
            return True
        return False

    def directive(self, parts: list[Any]) -> None:
        self.at += 2
        if self.sees("~"):
            self.at += 1
            parts.append(_Trim.BEFORE)
        match = _DIRECTIVE.match(self.text, self.at)
        if not match:
            self.fail("expected if, else, endif, for or endfor")
        self.at = match.end()
        word = match.group(1)
        mark = _Directive(word)
        if word == "if":
            mark.condition = self.expression()
        elif word == "for":
            mark.value_name = self.identifier()
            if self.take(","):
                mark.key_name, mark.value_name = mark.value_name, self.identifier()
            if not self.word("in"):
                self.fail("expected 'in'")
            mark.condition = self.expression()
        trim_after = self.take("~")
        self.expect("}")
        parts.append(mark)
        parts.extend((_Trim.AFTER,) if trim_after else ())

    def assembled(self, parts: list[Any]) -> list[Node]:
        """Text, expressions and directives as nodes: trims applied, directives nested."""
        if all(not isinstance(part, _Directive | str) for part in parts) and _Trim.BEFORE not in parts:
            return [part for part in parts if part is not _Trim.AFTER]
        merged: list[Any] = []
        for part in parts:
            if isinstance(part, str) and merged and isinstance(merged[-1], str):
                merged[-1] += part
            else:
                merged.append(part)
        for index, part in enumerate(merged):
            if part is _Trim.BEFORE and index and isinstance(merged[index - 1], str):
                merged[index - 1] = merged[index - 1].rstrip()
            if part is _Trim.AFTER and index + 1 < len(merged) and isinstance(merged[index + 1], str):
                merged[index + 1] = merged[index + 1].lstrip()
        cleaned = [part for part in merged if not isinstance(part, _TrimMark)]
        nodes, rest = self.nested(cleaned, 0, ())
        if rest != len(cleaned):
            self.fail(f"%{{ {cleaned[rest].word} }} has no beginning")
        return nodes

    def nested(self, parts: list[Any], at: int, ends: tuple[str, ...]) -> tuple[list[Node], int]:
        nodes: list[Node] = []
        while at < len(parts):
            part = parts[at]
            if not isinstance(part, _Directive):
                nodes.append(Literal(part) if isinstance(part, str) else part)
                at += 1
                continue
            if part.word in ends or part.word not in ("if", "for"):
                return nodes, at
            if part.word == "if":
                then, at = self.nested(parts, at + 1, ("else", "endif"))
                otherwise: list[Node] = []
                if at < len(parts) and parts[at].word == "else":
                    otherwise, at = self.nested(parts, at + 1, ("endif",))
                end, node = "endif", Conditional(part.condition, Template(then), Template(otherwise))
                nodes.append(node)
            else:
                body, at = self.nested(parts, at + 1, ("endfor",))
                end = "endfor"
                loop = For(part.key_name, part.value_name, part.condition, None, Template(body), None, False)
                nodes.append(Call("join", [Literal(""), loop], False))
            if at >= len(parts) or parts[at].word != end:
                self.fail(f"%{{ {end} }} is missing")
            at += 1
        return nodes, at

    def bare_template(self) -> Node:
        """The whole text as a template without quotes or escapes: a JSON string, a heredoc, a file."""
        parts: list[Any] = []
        text = self.text
        while self.at < len(text):
            plain = _PLAIN_TEXT.match(text, self.at)
            if plain:
                parts.append(plain.group())
                self.at = plain.end()
            if self.at < len(text) and not self.interpolation(parts):
                parts.append(text[self.at])
                self.at += 1
        return _template(self.assembled(parts))

    def heredoc(self, opening: re.Match[str]) -> Node:
        marker = opening.group(2)
        closing = re.compile(rf"^[ \t]*{re.escape(marker)}[ \t]*\r?$", re.MULTILINE).search(
            self.text, opening.end()
        )
        if not closing:
            self.fail(f"the heredoc is not closed with {marker}")
        body = self.text[opening.end() : closing.start()].replace("\r\n", "\n")
        self.at = closing.end()
        if opening.group(1):
            lines = body.split("\n")
            indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
            cut = min(indents, default=0)
            body = "\n".join(line[cut:] if line.strip() else line[cut:].lstrip(" \t") for line in lines)
        return _Parser(body).bare_template()


class _TrimMark:
    __slots__ = ()


class _Trim:
    BEFORE: Final = _TrimMark()
    AFTER: Final = _TrimMark()


class _Directive:
    __slots__ = ("condition", "key_name", "value_name", "word")

    condition: Node

    def __init__(self, word: str) -> None:
        self.word = word
        self.key_name = ""
        self.value_name = ""


def _template(nodes: list[Node]) -> Node:
    if not nodes:
        return Literal("")
    if len(nodes) == 1 and isinstance(nodes[0], Literal) and isinstance(nodes[0].value, str):
        return nodes[0]
    return Template(nodes)


@lru_cache(maxsize=65536)
def parse_expression(text: str) -> Node:
    """The tree of an expression as HCL writes it.

    Raises:
        SyntaxFault: it is none.
    """
    parser = _Parser(text)
    node = parser.expression()
    parser.skip()
    if parser.at != len(text):
        parser.fail(f"unexpected {text[parser.at]!r}")
    return node


@lru_cache(maxsize=65536)
def parse_template(text: str) -> Node:
    """The tree of a JSON string, which is a template without quotes.

    Raises:
        SyntaxFault: an interpolation in it is malformed.
    """
    return _Parser(text).bare_template()


# --- the evaluator --------------------------------------------------------------------------------------


class Scope(Protocol):
    """What names mean where an expression stands."""

    def name(self, name: str) -> Any:
        """The value of a root name (`var`, `each`, `aws_vpc`, ...)."""

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        """The same scope with more names: those of a `for` or a dynamic block."""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The result of a function."""


class Lazy:
    """A value that knows its attributes by name only when asked: a resource, `var`, `module.x`."""

    __slots__ = ()

    single: bool = True
    """False for a resource or module of which it is not known how many instances there are."""

    def attribute(self, name: str) -> Any:
        raise NotImplementedError

    def element(self, key: Any) -> Any:
        """What `[key]` means: `x["name"]` is `x.name`."""
        return self.attribute(key) if isinstance(key, str) else self.unknown()

    def unknown(self) -> Unknown:
        """The whole as an unknown value, where nothing narrower is asked for."""
        raise NotImplementedError


def evaluate(node: Node, scope: Scope) -> Any:
    """The value of an expression: plain Python (null is None), `Unknown`, or `Lazy`."""
    return _EVALUATORS[type(node)](node, scope)


def plain(value: Any) -> Any:
    """An evaluated value without `Lazy` in it."""
    if isinstance(value, Lazy):
        return value.unknown()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def unknown_from(reason: str, *values: Any) -> Unknown:
    """An `Unknown` that keeps the references of the values it was made from."""
    return Unknown(reason, references_of([plain(value) for value in values]))


def traced(text: str, *sources: Any) -> str:
    """A text that keeps the references, and the secrecy, of what it was made from."""
    hidden = any(_is_sensitive(source) for source in sources)
    references = references_of(list(sources))
    if hidden:
        return Sensitive(text, references)
    return Traced(text, references) if references else text


def _is_sensitive(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_sensitive(item) for item in value)
    if isinstance(value, dict):
        return any(_is_sensitive(item) for item in value.values())
    return isinstance(value, Sensitive)


def first_unknown(value: Any) -> Unknown | None:
    """The first `Unknown` within a value."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Lazy):
        return value.unknown()
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    for item in items:
        if isinstance(item, list | dict | Unknown | Lazy):
            found = first_unknown(item)
            if found is not None:
                return found
    return None


def equal(left: Any, right: Any) -> bool:
    """Terraform's `==` for known values: values of different types differ."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _name(node: Name, scope: Scope) -> Any:
    return scope.name(node.name)


def _get_attr(node: GetAttr, scope: Scope) -> Any:
    return get(evaluate(node.target, scope), node.name)


def get(target: Any, name: str) -> Any:
    """`target.name`."""
    if isinstance(target, Lazy):
        return target.attribute(name)
    if isinstance(target, Unknown):
        if isinstance(target.document, dict) and name in target.document:
            return target.document[name]
        return _deeper(target, f".{name}")
    if isinstance(target, dict):
        if name in target:
            return target[name]
        return Unknown(f"there is no attribute {name!r}")
    if isinstance(target, list) and len(target) == 1:
        # A block that JSON or HCL wrote once is addressed as x.block[0].name; x.block.name is a single one.
        return get(target[0], name)
    return Unknown(f"there is no attribute {name!r}", references_of(target))


def _deeper(target: Unknown, step: str) -> Unknown:
    """A part of an unknown value: its own reference, one step longer, if it is a single one."""
    if len(target.references) == 1 and not target.parts and target.document is ABSENT:
        reference = target.references[0]
        longer = f"{reference.attribute}{step}" if reference.attribute else step.removeprefix(".")
        deeper = type(reference)(reference.address, longer)
        return Unknown(f"{deeper} is known after apply", (deeper,), certain=names_identity(longer))
    return Unknown(target.reason, target.references)


def names_identity(attribute: str) -> bool:
    """Whether an attribute is one that AWS gives every resource once it exists, so that it is never null."""
    last = attribute.rsplit(".", 1)[-1]
    return last in ("id", "arn", "name", "bucket", "json") or last.endswith(("_id", "_arn", "_name"))


def _index(node: Index, scope: Scope) -> Any:
    return at(evaluate(node.target, scope), evaluate(node.key, scope))


def at(target: Any, key: Any) -> Any:
    """`target[key]`."""
    if isinstance(key, Unknown):
        return unknown_from(key.reason, target, key)
    if isinstance(target, Lazy):
        return target.element(key)
    if isinstance(target, Unknown):
        step = f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        return _deeper(target, step)
    if isinstance(target, list):
        number = as_number(key)
        if isinstance(number, int) and 0 <= number < len(target):
            return target[number]
        return Unknown(f"there is no element {key!r}")
    if isinstance(target, dict):
        text = as_text(key)
        if text is not None and text in target:
            return target[text]
        return Unknown(f"there is no element {key!r}")
    return Unknown(f"there is no element {key!r}", references_of(target))


class _WithElement:
    """The scope within a splat."""

    __slots__ = ("element", "scope")

    def __init__(self, scope: Scope, element: Any) -> None:
        self.scope = scope
        self.element = element

    def name(self, name: str) -> Any:
        return self.scope.name(name)

    def with_names(self, names: Mapping[str, Any]) -> Scope:
        return self.scope.with_names(names)

    def call(self, name: str, arguments: list[Any]) -> Any:
        return self.scope.call(name, arguments)


def _each(node: Each, scope: Scope) -> Any:
    assert isinstance(scope, _WithElement)
    return scope.element


def _splat(node: Splat, scope: Scope) -> Any:
    target = evaluate(node.target, scope)
    if target is None:
        return []
    if isinstance(target, Lazy) and not target.single:
        target = target.unknown()
    if isinstance(target, Unknown):
        # Whether it is a list or a single value is not known; either way it is made from the same things.
        return evaluate(node.body, _WithElement(scope, target))
    items = target if isinstance(target, list) else [target]
    return [evaluate(node.body, _WithElement(scope, item)) for item in items]


def _call(node: Call, scope: Scope) -> Any:
    if node.name in ("try", "can"):
        return _try(node, scope)
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand:
        last = arguments.pop()
        if not isinstance(last, list):
            return unknown_from(f"the arguments of {node.name}() are not known", last)
        arguments.extend(last)
    return scope.call(node.name, arguments)


def _try(node: Call, scope: Scope) -> Any:
    """`try` and `can`: an argument that is known is one that did not fail; an unknown one may fail or not."""
    values = [plain(evaluate(argument, scope)) for argument in node.arguments]
    first = values[0] if values else Unknown("try() has no arguments")
    missing = isinstance(first, Unknown) and not first.references and first.reason.startswith("there is no ")
    if node.name == "can":
        if missing:
            return False
        return unknown_from("can() of an unknown value", first) if isinstance(first, Unknown) else True
    for value in values:
        if isinstance(value, Unknown):
            if not value.references and value.reason.startswith("there is no "):
                continue
            return value if value.certain else unknown_from(value.reason, *values)
        return value
    return first


def _template_value(node: Template, scope: Scope) -> Any:
    if len(node.parts) == 1:
        # "${x}" is x itself, whatever its type.
        return evaluate(node.parts[0], scope)
    parts: list[Any] = []
    for part in node.parts:
        value = plain(evaluate(part, scope))
        if isinstance(value, Unknown):
            parts.extend(value.parts or (value,))
            continue
        text = as_text(value)
        if text is None:
            return unknown_from("a template holds a value that is no text", value)
        parts.append(text)
    return text_of(parts)


def text_of(parts: list[Any]) -> Any:
    """Texts and `Unknown`s joined: a text, or an `Unknown` with `parts`."""
    first = next((part for part in parts if isinstance(part, Unknown)), None)
    if first is None:
        return traced("".join(parts), *parts)
    return Unknown(first.reason, references_of(parts), tuple(parts), certain=True)


def _unary(node: Unary, scope: Scope) -> Any:
    value = plain(evaluate(node.operand, scope))
    if isinstance(value, Unknown):
        return unknown_from(value.reason, value)
    if node.operator == "!":
        truth = as_boolean(value)
        return Unknown("! of a value that is no boolean") if truth is None else not truth
    number = as_number(value)
    return Unknown("- of a value that is no number") if number is None else -number


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: _whole(a / b),
    "%": lambda a, b: _whole(a - b * int(a / b)),
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _whole(number: float) -> float:
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _binary(node: Binary, scope: Scope) -> Any:
    left = plain(evaluate(node.left, scope))
    right = plain(evaluate(node.right, scope))
    operator = node.operator
    if operator in ("&&", "||"):
        decisive = operator == "||"
        truths = [None if isinstance(side, Unknown) else as_boolean(side) for side in (left, right)]
        if decisive in truths:
            return decisive
        if None in truths:
            return unknown_from(
                _reason(left, right, f"{operator} of values that are no booleans"), left, right
            )
        return not decisive
    blind = first_unknown([left, right])
    if blind is not None:
        if operator in ("==", "!=") and None in (left, right) and blind.certain:
            return operator == "!="
        return unknown_from(blind.reason, left, right)
    if operator in ("==", "!="):
        return equal(left, right) == (operator == "==")
    numbers = as_number(left), as_number(right)
    if numbers[0] is None or numbers[1] is None:
        return Unknown(f"{operator} of values that are no numbers")
    try:
        return _ARITHMETIC[operator](*numbers)
    except (ArithmeticError, ValueError):
        return Unknown(f"{operator} of {numbers[0]} and {numbers[1]} is no number")


def _reason(left: Any, right: Any, otherwise: str) -> str:
    return next((side.reason for side in (left, right) if isinstance(side, Unknown)), otherwise)


def _conditional(node: Conditional, scope: Scope) -> Any:
    condition = plain(evaluate(node.condition, scope))
    if not isinstance(condition, Unknown):
        truth = as_boolean(condition)
        if truth is None:
            return Unknown("the condition of ?: is no boolean")
        return evaluate(node.then if truth else node.otherwise, scope)
    then = plain(evaluate(node.then, scope))
    otherwise = plain(evaluate(node.otherwise, scope))
    if first_unknown([then, otherwise]) is None and equal(then, otherwise):
        return then
    return unknown_from(condition.reason, then, otherwise)


def _tuple(node: Tuple, scope: Scope) -> Any:
    return [evaluate(item, scope) for item in node.items]


def _object(node: Object, scope: Scope) -> Any:
    result: dict[str, Any] = {}
    for key_node, value_node in node.items:
        key = plain(evaluate(key_node, scope))
        text = None if isinstance(key, Unknown) else as_text(key)
        if text is None:
            reason = key.reason if isinstance(key, Unknown) else "the key of an object is no text"
            return unknown_from(reason, key, *(evaluate(value, scope) for _, value in node.items))
        result[text] = evaluate(value_node, scope)
    return result


def _for(node: For, scope: Scope) -> Any:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Lazy):
        collection = collection.unknown()
    if isinstance(collection, Unknown):
        names = {node.value_name: collection, node.key_name: collection}
        inner = scope.with_names({name: value for name, value in names.items() if name})
        return unknown_from(collection.reason, collection, evaluate(node.value, inner))
    pairs: list[tuple[Any, Any]]
    if isinstance(collection, dict):
        pairs = sorted(collection.items())
    elif isinstance(collection, list):
        pairs = list(enumerate(collection))
    else:
        return Unknown("for over a value that is no collection")
    items: list[tuple[Any, Any]] = []
    for key, value in pairs:
        inner = scope.with_names({node.value_name: value} | ({node.key_name: key} if node.key_name else {}))
        if node.condition is not None:
            kept = plain(evaluate(node.condition, inner))
            truth = None if isinstance(kept, Unknown) else as_boolean(kept)
            if truth is None:
                return unknown_from(_reason(kept, None, "the condition of for is no boolean"), collection)
            if not truth:
                continue
        result_key = plain(evaluate(node.key, inner)) if node.key is not None else None
        items.append((result_key, evaluate(node.value, inner)))
    if node.key is None:
        return [value for _, value in items]
    result: dict[str, Any] = {}
    for key, value in items:
        text = None if isinstance(key, Unknown) else as_text(key)
        if text is None:
            return unknown_from(_reason(key, None, "the key of an object is no text"), collection)
        if node.grouped:
            result.setdefault(text, []).append(value)
        else:
            result[text] = value
    return result


_EVALUATORS: Final[dict[type, Callable[[Any, Scope], Any]]] = {
    Literal: lambda node, scope: node.value,
    Template: _template_value,
    Name: _name,
    GetAttr: _get_attr,
    Index: _index,
    Splat: _splat,
    Each: _each,
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    Tuple: _tuple,
    Object: _object,
    For: _for,
}
