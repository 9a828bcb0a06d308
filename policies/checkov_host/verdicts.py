"""The gate's verdicts for the files that Checkov scans, found by file and address."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from cloudmart_support.problem import Problem
from cloudmart_support.visible import visible
from policies.engine import catalogue, judging, parameters, waivers
from policies.engine.judging import WAIVED, Finding
from policies.engine.model import without_keys
from policies.engine.verdicts import FAIL, PASS, UNKNOWN
from policies.readers import Reading, files, hcl, read_all, terraform_json
from policies.readers.inputs import of_environment

PARAMETERS: Final = "CLOUDMART_POLICY_PARAMS"
"""The variable that names a file of parameters."""
WAIVERS: Final = "CLOUDMART_POLICY_WAIVERS"
"""The variable that names a file of waivers, instead of the gate's own."""
RULES: Final = "CLOUDMART_POLICY_RULES"
"""The variable that names folders and packages of own rules, a line each."""
FORBIDDEN: Final = "CLOUDMART_POLICY_FORBID_COMMENTS"
"""The variable that says, where it is not empty, that comments in the source that waive fail."""
COPIED: Final = "CLOUDMART_CHECKOV_COPY"
"""The variable that says `COPY=ORIGINAL`: Checkov scans a copy, the gate reads what it was made of."""

_ORDER: Final = (FAIL, UNKNOWN, WAIVED, PASS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says about a block: `status` is pass, fail, unknown or waived; `details` has a line a finding."""

    status: str
    address: str
    details: tuple[str, ...]


@dataclass(slots=True)
class Judged:
    """One root module or plan: its findings by rule and address, and which addresses a block has."""

    findings: dict[tuple[str, str], list[Finding]] = field(default_factory=dict)
    addresses: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    loose: dict[str, list[Finding]] = field(default_factory=dict)
    first: str = ""


def rules(given: Mapping[str, str] = os.environ) -> tuple[catalogue.Entry, ...]:
    """The gate's rules, and own ones where the variable names some."""
    return catalogue.with_own(given.get(RULES, "").splitlines(), judging.OWN_RULES)


class Verdicts:
    """Reads and judges each root once; `given` has the files of parameters and waivers, and own rules, by variables."""

    def __init__(self, given: Mapping[str, str] = os.environ) -> None:
        self.catalogue = rules(given)
        params, accepted = given.get(PARAMETERS), given.get(WAIVERS)
        self.parameters = parameters.load(
            Path(params) if params else None, catalogue.parameters_of(self.catalogue)
        )
        self.waivers = waivers.load(Path(accepted) if accepted else waivers.DEFAULTS)
        self.forbidden = waivers.FORBIDDEN if given.get(FORBIDDEN) else ""
        self._judged: dict[Path, Judged | None] = {}

    def answers(self, rule: str, file: str, root: str, type: str, name: str, address: str) -> list[Answer]:
        """What the gate says about a block, by module call; none where the rule has nothing to say about it.

        Args:
            rule: the rule's id.
            file: the file with the block, absolute.
            root: the folder that Checkov was told to scan.
            type: the resource's type.
            name: the resource's name.
            address: the address that Checkov gives the block, or "".

        Raises:
            Problem: the file, or the folder it belongs to, cannot be judged.
        """
        # Where Checkov opens count and for_each, the name carries the key.
        bare = without_keys(name)
        judged, addresses = self._find(Path(file), Path(root), type, bare, address)
        blocks: dict[str, list[str]] = {}
        for one in addresses:
            blocks.setdefault(without_keys(one), []).append(one)
        answers = (_answer(judged, rule, block, instances) for block, instances in blocks.items())
        return [answer for answer in answers if answer is not None]

    def _find(self, file: Path, root: Path, type: str, name: str, address: str) -> tuple[Judged, list[str]]:
        """The judged root that a block belongs to, and the block's addresses in it."""
        for folder in self._candidates(file, root):
            judged = self.judged(folder)
            if judged is None:
                continue
            if folder == file and address in judged.known:
                return judged, [address]
            own = judged.addresses.get((str(file), type, name), [])
            narrowed = [one for one in own if address in (one, without_keys(one))]
            if narrowed or own:
                return judged, narrowed or own
            if (type, name) in _declared(file):
                return judged, []  # counted to none
        raise Problem(
            f"{file}: {address or f'{type}.{name}'}: Checkov sees a resource that the gate does not"
        )

    def _candidates(self, file: Path, root: Path) -> list[Path]:
        """Where the root module of a file may be: the plan itself, or a folder from `root` down to the file's."""
        if not file.name.endswith((".tf", ".tf.json")):
            return [file]
        folders = [file.parent, *file.parent.parents]
        within = [folder for folder in folders if folder == root or root in folder.parents]
        return list(reversed(within)) or [file.parent]

    def judged(self, path: Path) -> Judged | None:
        """A root judged, once; None for a folder without configuration of its own.

        Raises:
            Problem: it cannot be judged.
        """
        if path not in self._judged:
            self._judged[path] = self._judge(path)
        return self._judged[path]

    def _judge(self, path: Path) -> Judged | None:
        original = path
        if path.is_dir() and not any(one.name.endswith((".tf", ".tf.json")) for one in path.iterdir()):
            return None
        readings = read_all(original, told=of_environment())
        reading = readings[0]
        if not reading.model.resources:
            return None
        result = judging.judge(readings, self.catalogue, self.parameters)
        waived = waivers.apply(
            result.findings,
            [*self.waivers, *waivers.of_comments(result.comments, forbidden=self.forbidden)],
            longest_days=self.parameters.waivers.longest_days,
            roots=[reading.path],
        )
        return _indexed(reading, waived)


def _answer(judged: Judged, rule: str, block: str, instances: list[str]) -> Answer | None:
    found = [finding for one in instances for finding in judged.findings.get((rule, one), ())]
    if judged.first in instances:
        # What is said about no resource (an output, a module that was not seen) is said here.
        found.extend(judged.loose.get(rule, ()))
    if not found:
        return None
    status = min((finding.status for finding in found), key=_ORDER.index)
    details = tuple(
        visible(f"{finding.address}: {finding.message} ({finding.status})")
        for finding in found
        if finding.status != PASS
    )
    return Answer(status, instances[0] if len(instances) == 1 else block, details)


@cache
def _declared(file: Path) -> frozenset[tuple[str, ...]]:
    """Type and name of the resources that a file of configuration declares."""
    if not file.name.endswith((".tf", ".tf.json")):
        return frozenset()
    parse = hcl.parse if file.name.endswith(".tf") else terraform_json.parse
    blocks = parse(files.read_text(file), str(file))
    return frozenset(block.labels for block in blocks if block.kind == "resource")


def _indexed(reading: Reading, findings: Sequence[Finding]) -> Judged:
    judged = Judged(first=reading.model.resources[0].address)
    for resource in reading.model.resources:
        judged.known.add(resource.address)
        place = (str(Path(resource.file).resolve()), resource.type, resource.name)
        judged.addresses.setdefault(place, []).append(resource.address)
    for finding in findings:
        if finding.address in judged.known:
            judged.findings.setdefault((finding.rule, finding.address), []).append(finding)
        else:
            judged.loose.setdefault(finding.rule, []).append(finding)
    return judged
