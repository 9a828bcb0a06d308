"""Regular expressions as Terraform has them: RE2's language, matched in time linear in the text.

Python's own `re` differs in what `\\d`, `\\w`, `\\s` and `$` mean, knows constructs that RE2 refuses, and takes
exponential time for some patterns. This is a simulation of all ways to match at once (Pike's), which has none
of that, needs nothing installed, and is charged to the evaluation's budget.
Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NoReturn

from policies.readers.budget import BUDGET

MOST_REPEATED: Final = 1000
"""RE2's bound for `{n,m}`, nested ones multiplied."""

_MOST_INSTRUCTIONS: Final = 50_000
_DEEPEST: Final = 200


class Malformed(ValueError):
    """RE2 refuses the pattern."""


class Undecided(ValueError):
    """RE2 takes the pattern; what it matches hangs on tables of Unicode that are not at hand."""


Capture = tuple[int, ...]
"""Start and end of the whole match and of each group in turn; -1 where a group took no part."""

_Range = tuple[int, int]
_LAST: Final = 0x10FFFF
_DIGITS: Final[tuple[_Range, ...]] = ((48, 57),)
_SPACES: Final[tuple[_Range, ...]] = ((9, 10), (12, 13), (32, 32))
_WORDS: Final[tuple[_Range, ...]] = ((48, 57), (65, 90), (95, 95), (97, 122))
_PERL: Final = {"d": _DIGITS, "s": _SPACES, "w": _WORDS}
_POSIX: Final[dict[str, tuple[_Range, ...]]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": _DIGITS,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORDS,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_CATEGORIES: Final = frozenset(
    {
        *(
            "C",
            "Cc",
            "Cf",
            "Co",
            "Cs",
            "L",
            "Ll",
            "Lm",
            "Lo",
            "Lt",
            "Lu",
            "M",
            "Mc",
            "Me",
            "Mn",
            "N",
            "Nd",
            "Nl",
            "No",
        ),
        *("P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs"),
    }
)
_ESCAPED: Final = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


# --- the tree -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Set:
    """Characters: in a range or in one of the categories (negated where the flag is set)."""

    ranges: tuple[_Range, ...]
    categories: tuple[tuple[str, bool], ...] = ()
    negated: bool = False

    def holds(self, character: str) -> bool:
        code = ord(character)
        found = any(low <= code <= high for low, high in self.ranges)
        if not found and self.categories:
            category = unicodedata.category(character)
            if category == "Cn":
                raise Undecided("a character is newer than the tables at hand")
            found = any(category.startswith(name) != negated for name, negated in self.categories)
        return found != self.negated


@dataclass(frozen=True, slots=True)
class _Empty:
    """A condition on the place: `^`, `$`, `A`, `z`, `b`, `B`; or "" for none."""

    kind: str


@dataclass(frozen=True, slots=True)
class _Repeat:
    body: _Tree
    least: int
    most: int
    greedy: bool


@dataclass(frozen=True, slots=True)
class _Group:
    body: _Tree
    number: int


@dataclass(frozen=True, slots=True)
class _Several:
    """One after another, or one of them."""

    parts: tuple[_Tree, ...]
    either: bool


_Tree = _Set | _Empty | _Repeat | _Group | _Several
_NOTHING: Final = _Empty("")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.flags = frozenset[str]()
        self.names: list[str] = []
        self.depth = 0

    def fail(self, message: str) -> NoReturn:
        raise Malformed(f"{message} in the regular expression, at character {self.at + 1}")

    def whole(self) -> _Tree:
        tree = self.either()
        if self.at < len(self.text):
            self.fail("unexpected )")
        return tree

    def either(self) -> _Tree:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Undecided("the regular expression is nested too deeply")
        arms = [self.sequence()]
        while self.text.startswith("|", self.at):
            self.at += 1
            arms.append(self.sequence())
        self.depth -= 1
        return arms[0] if len(arms) == 1 else _Several(tuple(arms), True)

    def sequence(self) -> _Tree:
        parts: list[_Tree] = []
        repeated = False
        while self.at < len(self.text):
            character = self.text[self.at]
            if character in "|)":
                break
            bounds = self.bounds()
            if bounds is not None:
                if not parts:
                    self.fail("there is nothing to repeat")
                if repeated:
                    self.fail("a repetition is repeated")
                least, most = bounds
                greedy = not self.text.startswith("?", self.at)
                self.at += not greedy
                parts[-1] = _Repeat(parts[-1], least, most, greedy != ("U" in self.flags))
                if (least > 1 or most > 1) and not _within(parts[-1], MOST_REPEATED):
                    self.fail("it repeats too often")
                repeated = True
                continue
            marks = self.marks() if self.text.startswith("(?", self.at) else None
            if marks is not None:
                # Flags alone are no part that could be repeated.
                self.flags = marks
                repeated = False
                continue
            if self.text.startswith("\\Q", self.at):
                end = self.text.find("\\E", self.at)
                literal = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
                self.at = end + 2 if end >= 0 else len(self.text)
                parts.extend(self.character(ord(one)) for one in literal)
                repeated = repeated and not literal
                continue
            parts.append(self.item())
            repeated = False
        return parts[0] if len(parts) == 1 else _Several(tuple(parts), False) if parts else _NOTHING

    def bounds(self) -> tuple[int, int] | None:
        """The least and most of a repetition, -1 for "any number"; taken if one stands here."""
        simple = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(self.text[self.at])
        if simple is not None:
            self.at += 1
            return simple
        match = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}").match(self.text, self.at)
        if not match or any(len(text) > 1 and text[0] == "0" for text in match.group(1, 3) if text):
            return None
        if len(match.group()) > 16:
            self.fail("it repeats too often")
        least = int(match.group(1))
        most = least if match.group(2) is None else int(match.group(3)) if match.group(3) else -1
        if least > MOST_REPEATED or most > MOST_REPEATED or 0 <= most < least:
            self.fail("it repeats too often")
        self.at = match.end()
        return least, most

    def marks(self) -> frozenset[str] | None:
        """The flags after `(?flags)`, taken if such stands here."""
        match = re.compile(r"\(\?([imsU]*)(?:(-)([imsU]+))?\)").match(self.text, self.at)
        if not match:
            return None
        if not match.group(1) and not match.group(2):
            self.fail("flags are missing")
        self.at = match.end()
        return self.flags.union(match.group(1)).difference(match.group(3) or "")

    def item(self) -> _Tree:
        text = self.text
        character = text[self.at]
        if character == "(":
            return self.group()
        if character == "[":
            return self.brackets()
        if character == "\\":
            return self.escape()
        self.at += 1
        if character == ".":
            return _Set(() if "s" in self.flags else ((10, 10),), negated=True)
        if character == "^":
            return _Empty("^" if "m" in self.flags else "A")
        if character == "$":
            return _Empty("$" if "m" in self.flags else "z")
        return self.character(ord(character))

    def group(self) -> _Tree:
        before = self.flags
        number = 0
        if self.text.startswith("(?", self.at):
            named = re.compile(r"\(\?P?<([^>]*)>").match(self.text, self.at)
            flagged = re.compile(r"\(\?([imsU]*)(?:(-)([imsU]+))?:").match(self.text, self.at)
            if named:
                name = named.group(1)
                if not re.fullmatch(r"[A-Za-z0-9_]+", name):
                    self.fail("a group's name is malformed")
                if name in self.names:
                    raise Undecided("two groups have one name")
                self.names.append(name)
                number = len(self.names)
                self.at = named.end()
            elif flagged:
                self.flags = self.flags.union(flagged.group(1)).difference(flagged.group(3) or "")
                self.at = flagged.end()
            else:
                self.fail("a group is malformed")
        else:
            self.names.append("")
            number = len(self.names)
            self.at += 1
        body = self.either()
        if not self.text.startswith(")", self.at):
            self.fail("a ) is missing")
        self.at += 1
        self.flags = before
        return _Group(body, number) if number else _Several((body,), False)

    def character(self, code: int) -> _Set:
        return _Set(tuple(self.folded(((code, code),))))

    def folded(self, ranges: tuple[_Range, ...]) -> list[_Range]:
        """Ranges with the other cases of their letters, where the flag `i` is set."""
        result = list(ranges)
        if "i" not in self.flags:
            return result
        for low, high in ranges:
            if high > 127:
                raise Undecided("a regular expression that ignores case holds more than ASCII")
            for first, last, shift in ((65, 90, 32), (97, 122, -32)):
                start, end = max(low, first), min(high, last)
                if start <= end:
                    result.append((start + shift, end + shift))
            for letters, other in (((75, 107), 0x212A), ((83, 115), 0x17F)):
                if any(low <= letter <= high for letter in letters):
                    result.append((other, other))
        return result

    def escape(self) -> _Tree:
        text = self.text
        marker = text[self.at + 1 : self.at + 2]
        if marker and marker in "AzbB":
            self.at += 2
            return _Empty(marker)
        if marker and marker in "dDsSwW":
            self.at += 2
            return _Set(tuple(self.folded(_PERL[marker.lower()])), negated=marker.isupper())
        if marker and marker in "pP":
            name, negated = self.category()
            return _Set((), negated=not negated) if name == "Any" else _Set((), ((name, negated),))
        return self.character(self.code())

    def category(self) -> tuple[str, bool]:
        """A class `\\pN` or `\\p{Name}`: the category, and whether it is negated."""
        match = re.compile(r"\\([pP])(?:\{(\^?)([^}]*)\}|(.))", re.DOTALL).match(self.text, self.at)
        if not match:
            self.fail("a class of characters is malformed")
        name = match.group(3) if match.group(3) is not None else match.group(4)
        if (name not in _CATEGORIES or "i" in self.flags) and name != "Any":
            raise Undecided(f"the class {name!r} of characters is not at hand")
        self.at = match.end()
        return name, (match.group(1) == "P") != bool(match.group(2))

    def code(self) -> int:
        """The character that an escape stands for."""
        text = self.text
        marker = text[self.at + 1 : self.at + 2]
        if not marker:
            self.fail("a \\ stands at the end")
        if marker in _ESCAPED:
            self.at += 2
            return _ESCAPED[marker]
        octal = re.compile(r"\\(0[0-7]{0,2}|[1-7][0-7]{1,2})").match(text, self.at)
        if octal:
            self.at = octal.end()
            return int(octal.group(1), 8)
        hexadecimal = re.compile(r"\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]+)\})").match(text, self.at)
        if hexadecimal:
            self.at = hexadecimal.end()
            digits = (hexadecimal.group(1) or hexadecimal.group(2)).lstrip("0") or "0"
            if len(digits) > 6 or int(digits, 16) > _LAST:
                self.fail("there is no such character")
            return int(digits, 16)
        if not marker.isascii() or marker.isalnum():
            self.fail(f"the escape \\{marker} is not known")
        self.at += 2
        return ord(marker)

    def brackets(self) -> _Tree:
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        ranges: list[_Range] = []
        categories: list[tuple[str, bool]] = []
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            if self.at >= len(self.text):
                self.fail("a ] is missing")
            posix = re.compile(r"\[:(\^?)([^\]]*?):\]").match(self.text, self.at)
            if posix:
                if posix.group(2) not in _POSIX:
                    self.fail("the class of characters is not known")
                self.at = posix.end()
                found = self.folded(_POSIX[posix.group(2)])
                ranges.extend(_complement(found) if posix.group(1) else found)
                continue
            marker = self.text[self.at + 1 : self.at + 2] if self.text[self.at] == "\\" else ""
            if marker and marker in "dDsSwW":
                self.at += 2
                found = self.folded(_PERL[marker.lower()])
                ranges.extend(_complement(found) if marker.isupper() else found)
                continue
            if marker and marker in "pP":
                name, not_it = self.category()
                if name == "Any":
                    ranges.extend(() if not_it else ((0, _LAST),))
                else:
                    categories.append((name, not_it))
                continue
            low = high = self.one()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self.one()
                if high < low:
                    self.fail("a range of characters runs backwards")
            ranges.extend(self.folded(((low, high),)))
        self.at += 1
        return _Set(tuple(ranges), tuple(categories), negated)

    def one(self) -> int:
        if self.at >= len(self.text):
            self.fail("a ] is missing")
        if self.text[self.at] == "\\":
            return self.code()
        self.at += 1
        return ord(self.text[self.at - 1])


def _complement(ranges: list[_Range]) -> list[_Range]:
    result: list[_Range] = []
    following = 0
    for low, high in sorted(ranges):
        if following < low:
            result.append((following, low - 1))
        following = max(following, high + 1)
    return [*result, (following, _LAST)]


def _within(tree: _Tree, most: int) -> bool:
    """Whether nested counts multiply to no more than `most`."""
    if isinstance(tree, _Repeat):
        count = tree.most if tree.most >= 0 else tree.least
        if tree.most == 0:
            return True
        if count > most:
            return False
        return _within(tree.body, most // count if count > 0 else most)
    if isinstance(tree, _Several):
        return all(_within(part, most) for part in tree.parts)
    return _within(tree.body, most) if isinstance(tree, _Group) else True


def _nullable(tree: _Tree) -> bool:
    if isinstance(tree, _Set):
        return False
    if isinstance(tree, _Repeat):
        return tree.least == 0 or _nullable(tree.body)
    if isinstance(tree, _Several):
        return (any if tree.either else all)(_nullable(part) for part in tree.parts)
    return _nullable(tree.body) if isinstance(tree, _Group) else True


# --- the program ----------------------------------------------------------------------------------------

_SET, _SPLIT, _SAVE, _CHECK, _MATCH = range(5)
_Instruction = tuple[int, Any, int, int]
"""What it does, with what, where it goes on, and for a split where else."""


class _Compiler:
    """Instructions, written from the end of the pattern to its beginning, so that each knows what follows."""

    def __init__(self) -> None:
        self.program: list[_Instruction] = []

    def add(self, operation: int, argument: Any = None, target: int = 0, other: int = 0) -> int:
        if len(self.program) >= _MOST_INSTRUCTIONS:
            raise Undecided("the regular expression is too large")
        BUDGET.spend(1)
        self.program.append((operation, argument, target, other))
        return len(self.program) - 1

    def compile(self, tree: _Tree, then: int) -> int:
        """The first instruction of what matches `tree` and goes on at `then`."""
        if isinstance(tree, _Set):
            return self.add(_SET, tree, then)
        if isinstance(tree, _Empty):
            return self.add(_CHECK, tree.kind, then) if tree.kind else then
        if isinstance(tree, _Group):
            end = self.add(_SAVE, 2 * tree.number + 1, then)
            return self.add(_SAVE, 2 * tree.number, self.compile(tree.body, end))
        if isinstance(tree, _Several):
            if not tree.either:
                for part in reversed(tree.parts):
                    then = self.compile(part, then)
                return then
            start = self.compile(tree.parts[-1], then)
            for part in reversed(tree.parts[:-1]):
                start = self.add(_SPLIT, None, self.compile(part, then), start)
            return start
        return self.repeat(tree, then)

    def repeat(self, tree: _Repeat, then: int) -> int:
        body, greedy = tree.body, tree.greedy
        if tree.most < 0:
            if tree.least == 0 and not _nullable(body):
                loop = self.add(_SPLIT)
                self.split(loop, self.compile(body, loop), then, greedy)
                return loop
            # One or more: the loop stands behind the body. What may be empty is tried so too, for the right order.
            loop = self.add(_SPLIT)
            start = self.compile(body, loop)
            self.split(loop, start, then, greedy)
            if tree.least == 0:
                whole = self.add(_SPLIT)
                self.split(whole, start, then, greedy)
                return whole
            for _ in range(tree.least - 1):
                start = self.compile(body, start)
            return start
        start = then
        for _ in range(tree.most - tree.least):
            optional = self.compile(body, start)
            start = self.add(_SPLIT)
            self.split(start, optional, then, greedy)
        for _ in range(tree.least):
            start = self.compile(body, start)
        return start

    def split(self, at: int, body: int, then: int, greedy: bool) -> None:
        self.program[at] = (_SPLIT, None, body, then) if greedy else (_SPLIT, None, then, body)


def _word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] == "_")


_CHECKS: Final[dict[str, Callable[[str, int], bool]]] = {
    "A": lambda text, at: at == 0,
    "z": lambda text, at: at == len(text),
    "^": lambda text, at: at == 0 or text[at - 1] == "\n",
    "$": lambda text, at: at == len(text) or text[at] == "\n",
    "b": lambda text, at: _word(text, at - 1) != _word(text, at),
    "B": lambda text, at: _word(text, at - 1) == _word(text, at),
}


class Pattern:
    """A compiled regular expression; `names` are those of its groups in order, "" for one without."""

    def __init__(self, text: str) -> None:
        parser = _Parser(text)
        tree = parser.whole()
        self.names = tuple(parser.names)
        compiler = _Compiler()
        end = compiler.add(_MATCH)
        self._start = compiler.compile(tree, end)
        self._program = compiler.program
        self._prefix = _prefix(tree)

    def search(self, text: str, start: int = 0) -> Capture | None:
        """The leftmost match from `start` on, of those the one that the pattern prefers."""
        program, prefix = self._program, self._prefix
        nothing: Capture = (-1,) * (2 * len(self.names) + 2)
        threads: list[tuple[int, Capture]] = []
        found: Capture | None = None
        at = start
        while True:
            if not threads:
                if found is not None:
                    return found
                if prefix:
                    at = text.find(prefix, at)
                    if at < 0:
                        return None
            seen: set[int] = set()
            current: list[tuple[int, Capture]] = []
            for position, capture in threads:
                self._follow(position, capture, text, at, seen, current)
            if found is None:
                self._follow(self._start, (at, *nothing[1:]), text, at, seen, current)
            BUDGET.spend(1 + 2 * len(seen))
            threads = []
            character = text[at] if at < len(text) else ""
            for position, capture in current:
                operation, argument, target, _ = program[position]
                if operation == _MATCH:
                    # Whatever comes after this one is less wanted.
                    found = (capture[0], at, *capture[2:])
                    break
                if character and argument.holds(character):
                    threads.append((target, capture))
            if not character:
                return found
            at += 1

    def _follow(
        self,
        position: int,
        capture: Capture,
        text: str,
        at: int,
        seen: set[int],
        current: list[tuple[int, Capture]],
    ) -> None:
        """Add all places that can be reached from `position` without taking a character, the preferred first."""
        pending = [(position, capture)]
        while pending:
            position, capture = pending.pop()
            if position in seen:
                continue
            seen.add(position)
            operation, argument, target, other = self._program[position]
            if operation == _SPLIT:
                pending.append((other, capture))
                pending.append((target, capture))
            elif operation == _SAVE:
                pending.append((target, (*capture[:argument], at, *capture[argument + 1 :])))
            elif operation == _CHECK:
                if _CHECKS[argument](text, at):
                    pending.append((target, capture))
            else:
                current.append((position, capture))

    def all(self, text: str) -> Iterator[Capture]:
        """All matches that do not overlap; an empty one right behind another is none."""
        at, last = 0, -1
        while at <= len(text):
            found = self.search(text, at)
            if found is None:
                return
            accepted = True
            if found[1] == at:
                accepted = found[0] != last
                at += 1
            else:
                at = found[1]
            last = found[1]
            if accepted:
                yield found

    def replaced(self, text: str, replacement: str) -> str:
        """The text with all matches replaced; `$1`, `${name}` and `$$` in the replacement are filled in."""
        pieces: list[str] = []
        at = end = 0
        while at <= len(text):
            found = self.search(text, at)
            if found is None:
                break
            pieces.append(text[end : found[0]])
            if found[1] > end or found[0] == 0:
                filled = self._filled(replacement, text, found)
                BUDGET.make(4 * len(filled))
                pieces.append(filled)
            end = found[1]
            at = max(at + 1, end)
        pieces.append(text[end:])
        return "".join(pieces)

    def _filled(self, replacement: str, text: str, found: Capture) -> str:
        def fill(match: re.Match[str]) -> str:
            if match.group() == "$$":
                return "$"
            name = match.group(1) or match.group(2)
            if re.fullmatch(r"[0-9]+", name):
                # A number with a zero in front is a name, and no group has such a one.
                number = int(name) if name == "0" or (name[0] != "0" and len(name) < 9) else -1
            else:
                number = self.names.index(name) + 1 if name in self.names else -1
            if not 0 <= number <= len(self.names) or found[2 * number] < 0:
                return ""
            return text[found[2 * number] : found[2 * number + 1]]

        if "$" not in replacement:
            return replacement
        if not replacement.isascii():
            raise Undecided("a replacement with groups holds more than ASCII")
        return re.sub(r"\$\$|\$(?:([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})", fill, replacement)


def _prefix(tree: _Tree) -> str:
    """Characters with which every match begins."""
    result = ""
    for part in tree.parts if isinstance(tree, _Several) and not tree.either else (tree,):
        if not isinstance(part, _Set) or part.negated or part.categories or len(part.ranges) != 1:
            break
        low, high = part.ranges[0]
        if low != high:
            break
        result += chr(low)
    return result


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """The pattern of a text.

    Raises:
        Malformed: RE2 refuses it.
        Undecided: it is too large, or asks for tables of Unicode that are not at hand.
    """
    return Pattern(text)
