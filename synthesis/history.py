"""Changes of the state, as Terraform's blocks: what was renamed, what is let go, what was made by hand and is taken in.

`modules/history.toml` holds what is so in every environment that has the resource; `environments/ENV.imports.toml`
what one environment takes in, since an id belongs to one account. Sources:
https://developer.hashicorp.com/terraform/language/block/moved, .../removed and .../import
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem

FILE = Path(__file__).resolve().parents[1] / "modules" / "history.toml"
_ADDRESS = re.compile(r"(aws_[a-z0-9_]+)\.([A-Za-z_][A-Za-z0-9_-]*)")
_KEYS = {
    "moved": (("from", "to"), ("environments",)),
    "removed": (("from",), ("environments",)),
    "import": (("to", "id"), ()),
}
_STATE = "state"


@dataclass(frozen=True)
class Entry:
    """One change: its kind, the texts of its keys, and the environments that it is for (all where there are none)."""

    kind: str
    texts: Mapping[str, str]
    environments: tuple[str, ...] = ()

    def concerns(self, environment: str) -> bool:
        """Whether it is for an environment; the bucket of the states is one only where it is named."""
        return environment in self.environments or (not self.environments and environment != _STATE)

    @property
    def words(self) -> str:
        """How it is named in a message."""
        return f"[[{self.kind}]] " + ", ".join(f'{key} = "{text}"' for key, text in self.texts.items())


def read(path: Path, *kinds: str) -> list[Entry]:
    """The entries of a file, of these kinds; none where there is no file.

    Raises:
        Problem: it is not TOML, or an entry is none that can be meant.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Problem(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Problem(f"{path}: is not TOML: {error}") from error
    found, wrong = [], []
    for kind, entries in content.items():
        if kind not in kinds:
            wrong.append(
                f"{kind}: there is no such entry here; there are {', '.join(f'[[{one}]]' for one in kinds)}"
            )
            continue
        for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
            reasons = [f"[[{kind}]] {number}: {reason}" for reason in _wrong(kind, entry)]
            wrong += reasons
            if not reasons:
                texts = {key: entry[key] for key in _KEYS[kind][0]}
                found.append(Entry(kind, texts, tuple(entry.get("environments", ()))))
    _refuse(path, wrong)
    return found


def _wrong(kind: str, entry: Any) -> Iterator[str]:
    needed, further = _KEYS[kind]
    if not isinstance(entry, dict):
        yield f"is no table; it is written [[{kind}]]"
        return
    for key in entry.keys() - {*needed, *further}:
        yield f"{key}: there is no such key; there are {', '.join((*needed, *further))}"
    for key in needed:
        text = entry.get(key)
        if not isinstance(text, str) or not text.strip() or not text.isprintable():
            yield f"{key}: has to be a text, and is {'not there' if text is None else repr(text)}"
        elif key != "id" and not _ADDRESS.fullmatch(text):
            yield f'{key}: {text!r} is no address of this stack, as in "aws_s3_bucket.frontend"'
    names = entry.get("environments", [])
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        yield 'environments: has to be a list of names, as in ["prod"]'


def blocks(
    environment: str,
    configuration: Mapping[str, Any],
    changes: Sequence[Entry],
    imports: Sequence[Entry],
    of: Path,
) -> dict[str, list[dict[str, Any]]]:
    """Terraform's blocks, in JSON, for the configuration of an environment.

    `of` is the file of the imports, for messages.

    Raises:
        Problem: an entry names what does not exist, or what still does; all of them are named at once.
    """
    ours = [one for one in changes if one.concerns(environment)]
    _refuse(FILE, _amiss(environment, configuration, ours))
    _refuse(of, _amiss(environment, configuration, list(imports)))
    made: dict[str, list[dict[str, Any]]] = {}
    for one in (*ours, *imports):
        body: dict[str, Any] = {key: _escaped(text) for key, text in one.texts.items()}
        if one.kind == "removed":
            body["lifecycle"] = {"destroy": False}
        made.setdefault(one.kind, []).append(body)
    return made


def stands(configuration: Mapping[str, Any], address: str) -> bool:
    """Whether a configuration in Terraform JSON has the resource."""
    kind, _, name = address.partition(".")
    return name in ((configuration.get("resource") or {}).get(kind) or {})


def _amiss(environment: str, configuration: Mapping[str, Any], entries: Sequence[Entry]) -> Iterator[str]:
    left = {one.texts["from"] for one in entries if one.kind in ("moved", "removed")}
    seen: set[tuple[str, str]] = set()
    for one in entries:
        source, target = one.texts.get("from"), one.texts.get("to")
        if one.kind == "import":
            former = [("to", str(target)), (str(target).partition(".")[0], one.texts["id"])]
        else:
            former = [("from", str(source)), *([("moved to", target)] if target else [])]
        if any(key in seen for key in former):
            yield f"{one.words}: stands twice, or two become one: each address and id has one entry"
        seen.update(former)
        if source and stands(configuration, source):
            yield (
                f"{one.words}: {environment} still has {source}: {'rename' if target else 'remove'} it in modules/ "
                "first, or take the entry out"
            )
        if target and source and source.partition(".")[0] != target.partition(".")[0]:
            yield f"{one.words}: is another type of resource, and would be made anew: import it, or remove one"
        if target and not stands(configuration, target) and not (source and target in left):
            yield (
                f"{one.words}: {environment} has no {target}"
                + (_near(configuration, target))
                + ("; if only others have it, name them: environments = [...]" if source else "")
            )
        if source and _circle(source, entries):
            yield f"{one.words}: leads back to where it began"


def _circle(source: str, entries: Sequence[Entry]) -> bool:
    after = {one.texts["from"]: one.texts["to"] for one in entries if one.kind == "moved"}
    step, passed = after.get(source), {source}
    while step is not None and step not in passed:
        passed.add(step)
        step = after.get(step)
    return step is not None


def _near(configuration: Mapping[str, Any], address: str) -> str:
    kind = address.partition(".")[0]
    known = sorted((configuration.get("resource") or {}).get(kind) or ())
    return f" (it has {', '.join(f'{kind}.{name}' for name in known)})" if known else ""


def _escaped(text: str) -> str:
    """A text as Terraform JSON has it, where ${ and %{ begin expressions."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _refuse(path: Path, reasons: Iterator[str] | list[str]) -> None:
    told = "\n".join(f"  - {reason}" for reason in reasons)
    if told:
        raise Problem(f"{path}: the changes of the state cannot be made:\n{told}")
