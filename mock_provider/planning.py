"""What a plan says: defaults, what is known only after apply, what stays, and what forces a new resource.

Everything here is a function over plain values and a schema block; nothing knows the protocol.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mock_provider.schema import Block
from mock_provider.values import UNKNOWN, Path, has_unknown

State = dict[str, Any]


def set_defaults(planned: State, defaults: Mapping[tuple[str, ...], object]) -> None:
    """Put in the defaults of arguments that are unset, wherever the block around them is there."""
    for path, default in defaults.items():
        if default is None:
            continue
        for holder in _holders(planned, path[:-1]):
            if holder.get(path[-1]) is None:
                holder[path[-1]] = default


def given(config: State, path: tuple[str, ...]) -> bool:
    """Whether an argument is set in any block that can have it."""
    return any(holder.get(path[-1]) is not None for holder in _holders(config, path[:-1]))


def drop(planned: State, paths: Iterable[tuple[str, ...]]) -> None:
    """Unset the arguments under `paths`, in every block that has them."""
    for path in paths:
        for holder in _holders(planned, path[:-1]):
            if path[-1] in holder:
                holder[path[-1]] = None


def unset_again(planned: State, config: State, defaults: Mapping[tuple[str, ...], object]) -> None:
    """Show as unset what is computed, not given, and known to stay unset (a default of None)."""
    for path, default in defaults.items():
        if default is None:
            for holder, given in zip(_holders(planned, path[:-1]), _holders(config, path[:-1]), strict=False):
                if given.get(path[-1]) is None:
                    holder[path[-1]] = None


def set_unknown(planned: State, block: Block) -> None:
    """Make every computed argument that is unset known only after apply, in nested blocks too."""
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and planned.get(name) is None:
            planned[name] = UNKNOWN
    for name, entry in block["block_types"].items():
        for inner in _blocks_of(planned.get(name), entry["nesting_mode"]):
            set_unknown(inner, entry["block"])


def keep_computed(planned: State, prior: State, block: Block) -> None:
    """On an update, keep what is computed and not given; in blocks that are new it is unknown."""
    for name, attribute in block["attributes"].items():
        if attribute.get("computed") and planned.get(name) is None:
            planned[name] = prior.get(name)
    for name, entry in block["block_types"].items():
        mode = entry["nesting_mode"]
        before = _blocks_of(prior.get(name), mode)
        for position, inner in enumerate(_blocks_of(planned.get(name), mode)):
            if mode == "set":
                match = next((one for one in before if _same_given(inner, one, entry["block"])), None)
            else:
                match = before[position] if position < len(before) else None
            if match is None:
                set_unknown(inner, entry["block"])
            else:
                keep_computed(inner, match, entry["block"])


def keep_equal_documents(planned: State, prior: State, paths: Iterable[tuple[str, ...]]) -> None:
    """Keep the former text of JSON documents that changed in their writing alone."""
    for path in paths:
        before, after = list(_holders(prior, path[:-1])), list(_holders(planned, path[:-1]))
        if len(before) != len(after):
            continue
        for old, new in zip(before, after, strict=True):
            if same_document(old.get(path[-1]), new.get(path[-1])):
                new[path[-1]] = old[path[-1]]


def same_document(one: object, other: object) -> bool:
    """Whether two texts are the same JSON document; IAM policies compare as policies."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    if one == other:
        return True
    try:
        first, second = json.loads(one), json.loads(other)
    except ValueError:
        return False
    if (
        isinstance(first, dict)
        and isinstance(second, dict)
        and "Statement" in first
        and "Statement" in second
    ):
        return bool(_policy(first) == _policy(second))
    return bool(first == second)


# What the order of entries, and the brackets around one entry, mean nothing for.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
_POLICY_SETS = frozenset(("Statement", "Action", "NotAction", "Resource", "NotResource"))
_POLICY_MAPS = frozenset(("Principal", "NotPrincipal", "Condition"))


def _policy(value: Any, key: str = "", unordered: bool = False) -> Any:
    if key in _POLICY_SETS or (unordered and not isinstance(value, dict)):
        entries = value if isinstance(value, list) else [value]
        return sorted({json.dumps(_policy(entry), sort_keys=True) for entry in entries})
    if isinstance(value, dict):
        return {
            name: _policy(inner, name, unordered or name in _POLICY_MAPS) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_policy(entry) for entry in value]
    return value


def merge_tags(
    planned: State, prior: State | None, default_tags: Mapping[str, str], ignored: Ignored
) -> None:
    """Fill in `tags_all`: the provider's default tags, then the resource's own, without the ignored ones.

    Source: https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs/guides/resource-tagging.
    """
    own = planned.get("tags")
    if own is UNKNOWN or has_unknown(own):
        planned["tags_all"] = UNKNOWN
        return
    merged = {
        key: value for key, value in {**default_tags, **(own or {})}.items() if not ignored.matches(key)
    }
    if merged or (prior is not None and not prior.get("tags_all")):
        planned["tags_all"] = merged
    else:
        # Nothing to say beforehand: the provider reads back what there is.
        planned["tags_all"] = UNKNOWN


class Ignored:
    """The provider's `ignore_tags`: keys, and prefixes of keys."""

    def __init__(self, keys: Iterable[str] = (), prefixes: Iterable[str] = ()) -> None:
        self._keys = frozenset(keys)
        self._prefixes = tuple(prefixes)

    def matches(self, key: str) -> bool:
        """Whether a tag of this key is left to others."""
        return key in self._keys or (bool(self._prefixes) and key.startswith(self._prefixes))


def changed_paths(prior: State, planned: State) -> frozenset[tuple[str, ...]]:
    """The arguments that differ, as paths without positions, with every path above them."""
    found: set[tuple[str, ...]] = set()
    _differ(prior, planned, (), found)
    return frozenset(found)


def _differ(one: Any, other: Any, at: tuple[str, ...], found: set[tuple[str, ...]]) -> None:
    if one == other and not has_unknown(other):
        return
    if at:
        found.add(at)
    if isinstance(one, dict) or isinstance(other, dict):
        for key in {*_keys(one), *_keys(other)}:
            _differ(_get(one, key), _get(other, key), (*at, key), found)
    elif _holds_blocks(one) or _holds_blocks(other):
        for position in range(max(_length(one), _length(other))):
            _differ(_get(one, position), _get(other, position), at, found)


def _keys(value: Any) -> Iterable[str]:
    return value.keys() if isinstance(value, dict) else ()


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _holds_blocks(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)


def replacements(
    prior: State, planned: State, block: Block, force_new: Iterable[tuple[str, ...]]
) -> list[Path]:
    """Where the plan differs in an argument that forces a new resource, with positions.

    Sets have no positions: where a difference is inside a set, the path ends there.
    """
    found: dict[Path, None] = {}
    for path in force_new:
        for where, before, after in _pairs(prior, planned, block, path, ()):
            if before != after or has_unknown(after):
                found[where] = None
    return list(found)


def _pairs(
    prior: Any, planned: Any, block: Block, path: tuple[str, ...], at: Path
) -> Iterator[tuple[Path, Any, Any]]:
    name, rest = path[0], path[1:]
    before, after = _get(prior, name), _get(planned, name)
    entry = block["block_types"].get(name)
    if not rest or entry is None:
        if _is_set(block, name):
            yield (*at, name), _unordered(before), _unordered(after)
        else:
            yield (*at, name), before, after
    elif after is UNKNOWN:
        yield (*at, name), before, after
    elif entry["nesting_mode"] == "single":
        yield from _pairs(before, after, entry["block"], rest, (*at, name))
    elif entry["nesting_mode"] == "list":
        for position in range(max(_length(before), _length(after))):
            yield from _pairs(
                _get(before, position), _get(after, position), entry["block"], rest, (*at, name, position)
            )
    else:
        inside = [
            [value for inner in _blocks_of(side) for value in _values_at(inner, rest)]
            for side in (before, after)
        ]
        yield (*at, name), _unordered(inside[0]), _unordered(inside[1])


def _is_set(block: Block, name: str) -> bool:
    if name in block["block_types"]:
        return bool(block["block_types"][name]["nesting_mode"] == "set")
    kind = block["attributes"].get(name, {}).get("type")
    return isinstance(kind, list) and kind[0] == "set"


def _unordered(value: Any) -> Any:
    return sorted(value, key=repr) if isinstance(value, list) else value


def _values_at(holder: State, path: tuple[str, ...]) -> list[Any]:
    return [inner.get(path[-1]) for inner in _holders(holder, path[:-1])]


def _get(holder: Any, key: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(str(key))
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return None


def _holders(value: Any, path: tuple[str, ...]) -> Iterator[State]:
    """Every block under `path`, through lists and maps of blocks."""
    if isinstance(value, list):
        for entry in value:
            yield from _holders(entry, path)
    elif isinstance(value, dict):
        if path:
            yield from _holders(value.get(path[0]), path[1:])
        else:
            yield value


def _blocks_of(value: Any, mode: str = "list") -> list[State]:
    if isinstance(value, dict):
        return list(value.values()) if mode == "map" else [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _same_given(planned: State, prior: State, block: Block) -> bool:
    """Whether a set's element is the former one: equal in all that is given, whatever is computed."""
    for name, attribute in block["attributes"].items():
        given = planned.get(name)
        if given is None and attribute.get("computed"):
            continue
        if given != prior.get(name):
            return False
    for name, entry in block["block_types"].items():
        mine, theirs = _blocks_of(planned.get(name)), _blocks_of(prior.get(name))
        if len(mine) != len(theirs):
            return False
        if not all(_same_given(a, b, entry["block"]) for a, b in zip(mine, theirs, strict=True)):
            return False
    return True


def set_changed_unknown(
    planned: State, prior: State, changes: Mapping[tuple[str, ...], Iterable[tuple[str, ...]]]
) -> None:
    """Make unknown what follows from a change: the computed arguments of each path that differs.

    The path `()` stands for any change at all.
    """
    changed = changed_paths(prior, planned)
    for path, computed in changes.items():
        if path in changed or (not path and changed - {("tags_all",)}):
            for where in computed:
                for holder in _holders(planned, where[:-1]):
                    holder[where[-1]] = UNKNOWN


def write_down(planned: State, prior: State | None, forms: Mapping[tuple[str, ...], str]) -> None:
    """Write values as the provider does: in lower or upper case, or as they were where only the case differs."""
    for path, form in forms.items():
        before = list(_holders(prior, path[:-1])) if prior else []
        for position, holder in enumerate(_holders(planned, path[:-1])):
            value = holder.get(path[-1])
            if not isinstance(value, str):
                continue
            if form in ("lower", "upper"):
                holder[path[-1]] = value.lower() if form == "lower" else value.upper()
            elif position < len(before):
                former = before[position].get(path[-1])
                if isinstance(former, str) and former.casefold() == value.casefold():
                    holder[path[-1]] = former
