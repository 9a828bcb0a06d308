"""Terraform's expression language: its tree and its parser.

The parser reads what stands between `${` and `}` in Terraform JSON and on the right of `=` in HCL.
Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from policies.readers import numbers
from policies.readers.scanner import NAME, SPACES, Unscannable, heredoc_end, is_name


def nfc(text: str) -> str:
    """A text in the normal form that Terraform gives every text."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class SyntaxFault(ValueError):
    """The text is no expression; `offset` counts characters from its start."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


# --- the tree -------------------------------------------------------------------------------------------


class Node:
    """An expression; `source` is the text of a whole one, as `parse_expression` was given it."""

    __slots__ = ("source",)

    source: str


@dataclass(slots=True)
class Literal(Node):
    value: Any


@dataclass(slots=True)
class Template(Node):
    """A text with expressions in it. One that is nothing but an interpolation is that value, unless `text`."""

    parts: list[Node]
    text: bool = False


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

_SPACE: Final = re.compile(r"(?:[ \t]+|\r?\n|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BLANKS: Final = re.compile(r"(?:[ \t]+|/\*.*?\*/)*", re.DOTALL)
_IDENTIFIER: Final = re.compile(NAME)
# A name and attributes behind it, up to the end of an interpolation.
_TRAVERSAL: Final = re.compile(
    r"(?!(?:true|false|null)\.)[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)+(?=})"
)
# What is taken together as a number, and what is one: the digits of ASCII.
_NUMBER: Final = re.compile(r"[0-9](?:\.*(?:[0-9]|[eE][+-]?[0-9]))*")
_NUMBER_FORM: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_INDEX: Final = re.compile(r"[0-9]+")
_OPERATOR: Final = re.compile(r"\|\||&&|==|!=|<=|>=|[<>+\-*%]|/(?![/*])")
_HEREDOC: Final = re.compile(rf"<<(-?)({NAME})\r?\n")
_PLAIN_QUOTED: Final = re.compile(r'[^"\\$%\r\n]+')
_PLAIN_TEXT: Final = re.compile(r"[^$%\n]*\n|[^$%\n]+")
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
        """Skip white space and comments; whether a line end was among them.

        Directly within an object a line end means something, and is not skipped.
        """
        lines = not self.brackets or self.brackets[-1] != "{"
        match = (_SPACE if lines else _BLANKS).match(self.text, self.at)
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
        if not match or not is_name(match.group()):
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
            self.skip()
            if self.sees("..."):
                return node
            if self.sees("."):
                self.at += 1
                self.skip()
                if self.sees("*"):
                    self.at += 1
                    body: Node = _EACH
                    while self.take("."):
                        self.skip()
                        digits = _INDEX.match(self.text, self.at)
                        if digits:
                            self.at = digits.end()
                            body = Index(body, Literal(int(digits.group())))
                        else:
                            body = GetAttr(body, self.identifier())
                    node = Splat(node, body)
                    continue
                number = _INDEX.match(self.text, self.at)
                if number:
                    self.at = number.end()
                    node = Index(node, Literal(int(number.group())))
                    continue
                node = GetAttr(node, self.identifier())
            elif self.sees("["):
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
        if number := _NUMBER.match(text, at):
            self.at = number.end()
            if not _NUMBER_FORM.fullmatch(number.group()):
                self.fail(f"{number.group()!r} is no number")
            try:
                return Literal(numbers.parsed(number.group()))
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
        self.skip()
        if "::" in name:
            self.expect("(")
            return self.call(name)
        if self.sees("("):
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
        self.brackets.append("for")
        if self.word("for"):
            node = self.for_("}")
            self.expect("}")
            self.brackets.pop()
            return node
        self.brackets[-1] = "{"
        items: list[tuple[Node, Node]] = []
        while True:
            self.lines()
            if self.sees("}"):
                break
            key = self.key()
            if not self.take("=") and not self.take(":"):
                self.fail("expected '=' or ':'")
            items.append((key, self.expression()))
            if not self.take(",") and not self.lines() and not self.sees("}"):
                self.fail("expected ',', '}' or the end of the line")
        self.at += 1
        self.brackets.pop()
        return Object(items)

    def lines(self) -> bool:
        """Skip white space, comments and line ends; whether there was a line end."""
        match = _SPACE.match(self.text, self.at)
        assert match
        start, self.at = self.at, match.end()
        return "\n" in self.text[start : self.at]

    def key(self) -> Node:
        self.skip()
        match = _IDENTIFIER.match(self.text, self.at)
        if match and is_name(match.group()):
            start, self.at = self.at, match.end()
            self.skip()
            if (self.sees("=") and not self.sees("==")) or self.sees(":"):
                return Literal(nfc(match.group()))
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
        run = ""
        text = self.text
        while True:
            plain = _PLAIN_QUOTED.match(text, self.at)
            if plain:
                run += plain.group()
                self.at = plain.end()
            if self.at >= len(text):
                self.fail("a quote is not closed")
            character = text[self.at]
            if character == "\\":
                run += self.escape()
                continue
            if character in "\r\n":
                self.fail("a quote is not closed in its line")
            if run:
                parts.append(run)
                run = ""
            if character == '"':
                self.at += 1
                return _template(self.assembled(parts))
            if not self.interpolation(parts):
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
                parts.append(_traversal(match.group()))
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

    def assembled(self, parts: list[Any], flush: bool = False) -> list[Node]:
        """Pieces of text, expressions and directives as nodes: trims applied, directives nested.

        A trim takes the white space of the piece of text beside it, and no more: pieces end with their line, and
        before and after a `$` or `%` that means nothing. With `flush`, lines are moved to the left.
        """
        if all(not isinstance(part, _Directive | str) for part in parts) and _Trim.BEFORE not in parts:
            return [part for part in parts if part is not _Trim.AFTER]
        for index, part in enumerate(parts):
            if part is _Trim.BEFORE and index and isinstance(parts[index - 1], str):
                parts[index - 1] = parts[index - 1].rstrip(SPACES)
            if part is _Trim.AFTER and index + 1 < len(parts) and isinstance(parts[index + 1], str):
                parts[index + 1] = parts[index + 1].lstrip(SPACES)
        cleaned = [part for part in parts if not isinstance(part, _TrimMark)]
        if flush:
            _move_left(cleaned)
        merged: list[Any] = []
        for part in cleaned:
            if isinstance(part, str) and merged and isinstance(merged[-1], str):
                merged[-1] += part
            else:
                merged.append(part)
        nodes, rest = self.nested(merged, 0, ())
        if rest != len(merged):
            self.fail(f"%{{ {merged[rest].word} }} has no beginning")
        return nodes

    def nested(self, parts: list[Any], at: int, ends: tuple[str, ...]) -> tuple[list[Node], int]:
        nodes: list[Node] = []
        while at < len(parts):
            part = parts[at]
            if not isinstance(part, _Directive):
                nodes.append(Literal(nfc(part)) if isinstance(part, str) else part)
                at += 1
                continue
            if part.word in ends or part.word not in ("if", "for"):
                return nodes, at
            if part.word == "if":
                then, at = self.nested(parts, at + 1, ("else", "endif"))
                otherwise: list[Node] = []
                if at < len(parts) and parts[at].word == "else":
                    otherwise, at = self.nested(parts, at + 1, ("endif",))
                end = "endif"
                node = Conditional(part.condition, Template(then, True), Template(otherwise, True))
                nodes.append(Template([node], True))
            else:
                body, at = self.nested(parts, at + 1, ("endfor",))
                end = "endfor"
                body_node = Template(body, True)
                loop = For(part.key_name, part.value_name, part.condition, None, body_node, None, False)
                nodes.append(Template([Call("join", [Literal(""), loop], False)], True))
            if at >= len(parts) or parts[at].word != end:
                self.fail(f"%{{ {end} }} is missing")
            at += 1
        return nodes, at

    def bare_template(self, flush: bool = False) -> Node:
        """The whole text as a template without quotes or escapes: a JSON string, a heredoc, a file."""
        parts: list[Any] = []
        text = self.text
        while self.at < len(text):
            plain = _PLAIN_TEXT.match(text, self.at)
            if plain:
                parts.append(plain.group())
                self.at = plain.end()
            elif not self.interpolation(parts):
                parts.append(text[self.at])
                self.at += 1
        return _template(self.assembled(parts, flush))

    def heredoc(self, opening: re.Match[str]) -> Node:
        marker = opening.group(2)
        try:
            # The line of the marker has an end, though not in the text of a value.
            end, self.at = heredoc_end(f"{self.text}\n", opening.end(), marker)
        except Unscannable as error:
            raise SyntaxFault(str(error), error.offset) from error
        body = self.text[opening.end() : end]
        try:
            return _Parser(body).bare_template(flush=bool(opening.group(1)))
        except SyntaxFault as fault:
            raise SyntaxFault(str(fault), opening.end() + fault.offset) from fault


def _move_left(parts: list[Any]) -> None:
    """Take from the lines of a template the white space that all of them begin with; blank lines stay as they are."""
    least: int | None = None
    begin: list[int] = []
    fresh = True
    for index, part in enumerate(parts):
        if fresh and isinstance(part, str):
            indent = len(part) - len(part.lstrip(SPACES))
            if indent < len(part) or not part.endswith("\n"):
                begin.append(index)
                least = indent if least is None else min(least, indent)
        elif fresh:
            least = 0
        fresh = isinstance(part, str) and part.endswith("\n")
    for index in begin:
        parts[index] = parts[index][least:]


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
    node.source = text
    return node


@lru_cache(maxsize=65536)
def parse_template(text: str) -> Node:
    """The tree of a JSON string, which is a template without quotes.

    Raises:
        SyntaxFault: an interpolation in it is malformed.
    """
    if text.startswith("${") and (match := _TRAVERSAL.match(text, 2)) and match.end() == len(text) - 1:
        return Template([_traversal(match.group())])
    return _Parser(text).bare_template()


def _traversal(text: str) -> Node:
    root, *names = text.split(".")
    node: Node = Name(root)
    for name in names:
        node = GetAttr(node, name)
    return node
