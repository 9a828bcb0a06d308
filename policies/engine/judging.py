"""The engine: every rule over every resource, and nothing passed that was not seen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial
from traceback import walk_tb
from typing import Final

from cloudmart_support.problem import Problem
from policies.aws.kinds import creates_others, keeps_data
from policies.engine.catalogue import Entry
from policies.engine.existence import World, Worlds
from policies.engine.model import Model, Resource, Undetermined, View
from policies.engine.parameters import Parameters
from policies.engine.values import Sensitive
from policies.engine.verdicts import CLOUDMART, FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Verdict
from policies.readers import Reading
from policies.readers.budget import deeply
from policies.readers.comments import Comment

WAIVED: Final = "waived"
_AS_IT_IS: Final = nullcontext()
BASELINED: Final = "baselined"

EVERY_TYPE: Final = "*"
"""In `Rule.types`: the rule judges whatever there is, which does not make a type one that a rule knows."""

NOT_SEEN: Final = "CM_MODULE_SEEN"
NOT_SHOWN: Final = "CM_CONTENTS_SEEN"
NO_RULE: Final = "CM_STORE_KNOWN"
NOT_OF_AWS: Final = "CM_PROVIDER_KNOWN"
EVALUATED: Final = "CM_EVALUATED"
WAIVER: Final = "CM_WAIVER"
OWN_RULES: Final = {
    EVALUATED: "Terraform evaluates the configuration, where it is asked to",
    NOT_SEEN: "The resources of every module that is called are seen",
    NOT_SHOWN: "No resource creates others that are not seen",
    NO_RULE: "Every data store is of a type that a rule knows",
    NOT_OF_AWS: "What is named as a type of AWS comes from hashicorp/aws",
    WAIVER: "Every waiver is complete, in force, and matches a finding",
}
"""The engine's own rules, by id."""


class NothingDeclared(Problem):
    """There is nothing in a path that could be judged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one resource; `status` is pass, fail, unknown, waived or baselined.

    `file` and `line` say where, `line` is 0 where it is not known. `construct` is the CDKTF path or "".
    `root` is the path that was judged, as it was given; `attribute` is the path of the argument at fault, or "".
    `in_source` says whether a comment in the source waives it.
    """

    rule: str
    family: str
    severity: str
    status: str
    address: str
    message: str
    file: str
    line: int
    construct: str
    root: str = ""
    attribute: str = field(default="", compare=False)
    in_source: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one run: `resources` seen, `evaluated` by at least one rule; findings by status."""

    resources: int
    evaluated: int
    passed: int
    failed: int
    unknown: int
    waived: int
    baselined: int
    uncovered_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rules that did not run, by id, and why."""

    why: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run was asked to judge by, other than all rules: said in every report.

    `configuration` is the file of configuration that was used, or ""; `pack` is the pack of rules; `severities` are the
    rules with another severity than their own.
    """

    pack: str = CLOUDMART
    configuration: str = ""
    severities: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __bool__(self) -> bool:
        return self != Terms()

    @property
    def sentences(self) -> tuple[str, ...]:
        """It in words."""
        used = f"configuration {self.configuration}, " if self.configuration else ""
        words = [f"{used}pack {self.pack}"] if self else []
        if self.severities:
            changed = ", ".join(f"{id} is {severity}" for id, severity in self.severities)
            words.append(f"severities changed: {changed}")
        for one in self.left_out:
            count = f"{len(one.rules)} rule{'s' if len(one.rules) != 1 else ''}"
            words.append(f"left out, {one.why}: {count} ({', '.join(one.rules)})")
        return tuple(words)


@dataclass(frozen=True, slots=True)
class Root:
    """One of the judged paths, as it was given; `problem` says why it could not be judged, or is empty.

    What counts there is as in `Result`.
    """

    path: str
    resources: int = 0
    evaluated: int = 0
    uncovered_types: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The baseline that a run was held against: its file, and the findings of it that are gone, in words."""

    file: str
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one run. `rules` counts the rules that had something to judge.

    `roots` are the paths that were judged, one after the other; `comments` are those of the source that speak to the
    gate.
    """

    findings: tuple[Finding, ...]
    resources: int
    evaluated: int
    rules: int
    uncovered_types: tuple[str, ...]
    notes: tuple[str, ...] = ()
    terms: Terms = Terms()
    roots: tuple[Root, ...] = ()
    baseline: Recorded | None = None
    comments: tuple[Comment, ...] = ()

    @property
    def summary(self) -> Summary:
        counts = dict.fromkeys((PASS, FAIL, UNKNOWN, WAIVED, BASELINED), 0)
        for finding in self.findings:
            counts[finding.status] += 1
        return Summary(
            self.resources,
            self.evaluated,
            counts[PASS],
            counts[FAIL],
            counts[UNKNOWN],
            counts[WAIVED],
            counts[BASELINED],
            self.uncovered_types,
        )

    def by_root(self) -> list[Result]:
        """Of each root the result as if it alone had been judged; a broken waiver, for one, belongs to none."""
        found: dict[str, list[Finding]] = {root.path: [] for root in self.roots}
        for finding in self.findings:
            found.get(finding.root, []).append(finding)
        return [replace(_of((root,), found[root.path], ()), baseline=self.baseline) for root in self.roots]

    @property
    def exit_code(self) -> int:
        """0 when everything passed, is waived or stands in the baseline, 2 when a root could not be judged, else 1."""
        if any(root.problem for root in self.roots):
            return 2
        return int(any(finding.status in (FAIL, UNKNOWN) for finding in self.findings))


@deeply()
def judge(
    readings: Sequence[Reading],
    catalogue: Sequence[Entry],
    parameters: Parameters,
    everything: Sequence[Entry] | None = None,
) -> Result:
    """Run the catalogue over what was read.

    Args:
        readings: what was read, one a path.
        catalogue: the rules that run.
        parameters: for the rules.
        everything: all rules, where only some run: a store that one of the others knows is a known one.

    Raises:
        Problem: nothing is declared that could be judged, or a rule raises or says nothing.
    """
    findings: list[Finding] = []
    roots: list[Root] = []
    notes: list[str] = []
    known = {type for entry in catalogue for type in (*entry.rule.types, *entry.rule.reads)}
    judged = {type for entry in everything or catalogue for type in entry.rule.types}
    for reading in readings:
        model = reading.model
        if not model.resources and not reading.unseen:
            if not model.declares:
                raise NothingDeclared(f"{reading.path}: there are no resources in it: nothing was judged")
            notes.append(f"{reading.path}: none of its resources has an instance: there was nothing to judge")
        touched: set[str] = set()
        worlds = Worlds(model)
        for entry in catalogue:
            for finding in _apply(entry, worlds, parameters, reading.path):
                touched.add(finding.address)
                findings.append(finding)
        if reading.unevaluated:
            findings.append(
                Finding(
                    EVALUATED,
                    "coverage",
                    "high",
                    UNKNOWN,
                    reading.path,
                    f"Terraform could not plan it, so that the gate's own readers judged it: {reading.unevaluated}; "
                    "mend it, or ask for no more than a try with --exact=try",
                    reading.path,
                    0,
                    "",
                    reading.path,
                )
            )
        for unseen in reading.unseen:
            findings.append(
                Finding(
                    NOT_SEEN,
                    "coverage",
                    "high",
                    UNKNOWN,
                    unseen.address,
                    f"{unseen.reason}: its resources were not seen",
                    unseen.place.file,
                    unseen.place.line(),
                    unseen.construct,
                    reading.path,
                )
            )
        findings.extend(_unseen(model, judged, parameters, reading.path))
        root = Root(
            reading.path,
            len(model.resources),
            sum(resource.address in touched for resource in model.resources),
            tuple(sorted(type for type in model.types if type not in known)),
        )
        if roots and roots[-1].path == root.path:
            root = _of_both(roots.pop(), root)
        roots.append(root)
    result = _of(roots, dict.fromkeys(findings), notes)
    comments = dict.fromkeys(one for reading in readings for one in reading.comments)
    return replace(result, comments=tuple(comments))


def merged(results: Iterable[Result]) -> Result:
    """One result of several, each of roots of its own."""
    every = list(results)
    one = _of(
        [root for result in every for root in result.roots],
        [finding for result in every for finding in result.findings],
        [note for result in every for note in result.notes],
    )
    return replace(one, comments=tuple(comment for result in every for comment in result.comments))


def _of(roots: Sequence[Root], findings: Iterable[Finding], notes: Iterable[str]) -> Result:
    every = tuple(findings)
    return Result(
        every,
        sum(root.resources for root in roots),
        sum(root.evaluated for root in roots),
        len({finding.rule for finding in every} - OWN_RULES.keys()),
        tuple(sorted({type for root in roots for type in root.uncovered_types})),
        tuple(notes),
        roots=tuple(roots),
    )


def _unseen(model: Model, judged: Collection[str], parameters: Parameters, root: str) -> Iterable[Finding]:
    """What no rule can judge: stores of types that no rule judges, and resources that create others unseen."""
    accepted = parameters.coverage
    for resource in model.resources:
        type = resource.type
        if resource.stranger:
            words = f"its provider is {resource.stranger}, of whose types the rules know nothing"
            yield _coverage(NOT_OF_AWS, words, resource, root)
        if type not in judged and type not in accepted.accepted_stores and keeps_data(resource):
            words = (
                f"{type} keeps data and no rule judges it: write one, or accept the type in the parameters "
                "(coverage.accepted_stores)"
            )
            yield _coverage(NO_RULE, words, resource, root)
        if type not in accepted.accepted_creators and (why := creates_others(resource)):
            words = (
                f"{why}: write it as resources of hashicorp/aws, or accept the type in the parameters "
                "(coverage.accepted_creators)"
            )
            yield _coverage(NOT_SHOWN, words, resource, root)


def _coverage(rule: str, message: str, resource: Resource, root: str) -> Finding:
    return Finding(
        rule,
        "coverage",
        "high",
        UNKNOWN,
        resource.address,
        message,
        resource.file,
        resource.line,
        resource.construct,
        root,
    )


def _apply(entry: Entry, worlds: Worlds, parameters: Parameters, root: str) -> Iterable[Finding]:
    model = worlds.model
    everything = EVERY_TYPE in entry.rule.types
    subjects = list(model.resources) if everything else model.of_type(*entry.rule.types)
    if entry.check_model is not None:
        if subjects:
            anchor = subjects[0]
            check_model = entry.check_model
            verdicts = _run(entry, lambda: check_model(model, parameters), anchor)
            if other := worlds.without(entry.rule, None):
                fewer = other.model
                # Without any of what the rule judges there is nothing to say.
                left = fewer.resources if everything else fewer.of_type(*entry.rule.types)
                again = _run(entry, lambda: check_model(fewer, parameters), anchor) if left else []
                less = {_at(verdict): verdict for verdict in again if verdict.status in (FAIL, UNKNOWN)}
                verdicts = [
                    replace(_hanging(less[_at(verdict)], other), at=verdict.at)
                    if verdict.status == PASS and _at(verdict) in less
                    else verdict
                    for verdict in verdicts
                ]
            yield from _findings(entry, verdicts, None, root)
        return
    check = entry.check
    assert check is not None
    for resource in subjects:
        verdicts = _run(entry, partial(check, resource, model, parameters), resource)
        if {verdict.status for verdict in verdicts} - {NOT_APPLICABLE} == {PASS} and (
            other := worlds.without(entry.rule, resource)
        ):
            (same,) = [one for one in other.model.at(resource.address) if one.address == resource.address]
            again = _run(entry, partial(check, same, other.model, parameters), same)
            worse = [verdict for verdict in again if verdict.status in (FAIL, UNKNOWN)]
            verdicts = [_hanging(verdict, other) for verdict in worse[:1]] or verdicts
        yield from _findings(entry, verdicts, resource, root)


def _hanging(verdict: Verdict, world: World) -> Verdict:
    """What to say instead of a pass, of which there is another verdict in a world with less."""
    words = verdict.message if verdict.status == UNKNOWN else world.reason
    return Verdict(UNKNOWN, words, verdict.attribute)


def _at(verdict: Verdict) -> str:
    return "" if verdict.at is None else verdict.at.resource.address


def _run(entry: Entry, check: Callable[[], Iterable[Verdict]], resource: Resource) -> list[Verdict]:
    """The verdicts of one call of a rule."""
    verdicts: list[Verdict] = []
    try:
        with aside(entry):
            for verdict in check():
                verdicts.append(_sound(verdict))
    except Undetermined as undetermined:
        at = None if undetermined.view.resource is resource else undetermined.view.resource
        if entry.check_model is not None:
            at = undetermined.view.resource
        reason, attribute = undetermined.reason, undetermined.attribute
        words = reason if not attribute or reason.startswith(attribute) else f"{attribute}: {reason}"
        verdicts.append(Verdict(UNKNOWN, words, attribute, at))
    except Problem:
        raise
    except (Exception, SystemExit) as error:
        raise broke(entry, resource, error) from error
    if not verdicts:
        raise Problem(
            f"{entry.id} said nothing about {resource.address}, which was not judged: mend the rule"
        )
    return verdicts


def _sound(verdict: object) -> Verdict:
    """A verdict, if it is one.

    Raises:
        TypeError: it is not.
    """
    if (
        isinstance(verdict, Verdict)
        and verdict.status in (PASS, FAIL, UNKNOWN, NOT_APPLICABLE)
        and isinstance(verdict.message, str)
        and isinstance(verdict.attribute, str)
        and isinstance(verdict.at, View | None)
    ):
        return verdict
    raise TypeError(
        f"{verdict!r} is no verdict: yield passed(), failed(...), unknown(...) or not_applicable()"
    )


def aside(entry: Entry) -> AbstractContextManager[object]:
    """While a rule runs: what an own one prints goes to stderr, because stdout belongs to the report."""
    return redirect_stdout(sys.stderr) if entry.source else _AS_IT_IS


def broke(entry: Entry, resource: Resource, error: BaseException) -> Problem:
    """What to tell of a rule that broke, with the line of its own file."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == entry.file]
    place = f" ({entry.file}:{lines[-1]})" if lines else ""
    return Problem(
        f"{resource.file}:{resource.line}: {entry.id} broke on {resource.address}, which was not judged: "
        f"{type(error).__name__}: {error}{place}"
    )


def _findings(
    entry: Entry, verdicts: list[Verdict], subject: Resource | None, root: str
) -> Iterable[Finding]:
    judged = [verdict for verdict in verdicts if verdict.status != NOT_APPLICABLE]
    bad = [verdict for verdict in judged if verdict.status != PASS]
    if subject is not None:
        # One pass says it all; and none is said beside a failure.
        judged = bad or judged[:1]
    for verdict in judged:
        view = verdict.at or subject
        if view is None:
            raise Problem(f"{entry.id} does not say which resource its verdict {verdict.status!r} is about")
        resource = view.resource
        attribute = verdict.attribute
        if verdict.at is not None and view.path and attribute and not attribute.startswith(view.path):
            attribute = f"{view.path}.{attribute}"
        status = verdict.status
        message = verdict.message
        yield Finding(
            entry.id,
            entry.rule.family,
            entry.rule.severity,
            status,
            resource.address,
            redacted(message, resource) if message else message,
            resource.file,
            resource.line_of(attribute or view.path) if status != PASS else resource.line,
            resource.construct,
            root,
            attribute or view.path,
        )


def redacted(message: str, resource: Resource) -> str:
    """A message without the sensitive values of the resource it is about."""
    pending: list[object] = [resource.values]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, Sensitive):
            secret = str.__str__(value)
            if len(secret) > 2:
                message = message.replace(secret, Sensitive.SHOWN)
    return message


def _of_both(one: Root, other: Root) -> Root:
    """A root of which there are two readings."""
    more = max(one, other, key=lambda root: root.resources)
    return replace(more, uncovered_types=tuple(sorted({*one.uncovered_types, *other.uncovered_types})))


def with_findings(result: Result, findings: Iterable[Finding], notes: Iterable[str] = ()) -> Result:
    """The result with other findings and more notes."""
    return replace(result, findings=tuple(findings), notes=(*result.notes, *notes))
