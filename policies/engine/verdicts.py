"""What a rule is, and what it says.

Standard library only: this module also runs inside Checkov's environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies.engine.model import View
from policies.engine.values import Unknown

PASS: Final = "pass"
FAIL: Final = "fail"
UNKNOWN: Final = "unknown"
NOT_APPLICABLE: Final = "not applicable"

AT_REST: Final = "encryption at rest"
IN_TRANSIT: Final = "encryption in transit"
NOT_PUBLIC: Final = "no public database"
BACKUPS: Final = "backups"
AVAILABILITY: Final = "availability"
SECRETS: Final = "secrets"
PROOFS: Final = "proofs"
OTHER: Final = "other"
"""For own rules that are about none of these."""
FAMILIES: Final = (AT_REST, IN_TRANSIT, NOT_PUBLIC, BACKUPS, AVAILABILITY, SECRETS, PROOFS, OTHER)
SEVERITIES: Final = ("critical", "high", "medium", "low")
"""From the gravest down."""

CLOUDMART: Final = "cloudmart"
AWS: Final = "aws"
PACKS: Final[Mapping[str, str]] = {
    CLOUDMART: "all rules: those of `aws`, and the house rules of CloudMart (windows, flows, zones, order, closure)",
    AWS: "what everybody on AWS wants: encryption, TLS, no public store, backups that are kept, no secret in clear",
}
"""What each pack of rules is for."""


class _Removed:
    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""In `Protected.weaker`: the argument (or, with an empty path, the whole resource) is taken away."""


class _OnlyFirst:
    def __repr__(self) -> str:
        return "ONLY_FIRST"


ONLY_FIRST: Final = _OnlyFirst()
"""In `Protected.weaker`: of a list only the first element is left."""


@dataclass(frozen=True, slots=True)
class Protected:
    """An argument that a rule guards, and the values that weaken it: from these the mutants are made.

    `path` is as in `View.each` (`root_block_device[].encrypted`); empty means the whole resource. Each
    value of `weaker` is plain JSON, `REMOVED` or `ONLY_FIRST`; each must make the rule fail (or say unknown) where it
    passed before. With `having`, only resources that set this argument are meant.
    """

    type: str
    path: str
    weaker: tuple[Any, ...] = (REMOVED,)
    having: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a rule is about. Its id is `CM_` and its file's name in upper case.

    A rule is a module in `policies/rules/`, or in a folder of own rules, with `RULE = Rule(...)` and one of

    - `def check(resource: Resource, model: Model, parameters: Parameters) -> Iterable[Verdict]`, called for
      each managed resource of `types`, or
    - `def check_model(model: Model, parameters: Parameters) -> Iterable[Verdict]`, called once; each
      verdict but `not_applicable()` names the resource it is about with `at=`. It is called only if the
      model holds a resource of `types`.

    Either must yield at least one verdict: silence is an error, not a pass. A rule may offer a `cure` beside it, as
    `policies/engine/cures.py` tells.

    An own rule may have `PARAMETERS`, a frozen dataclass with a default for each field (int, bool, str, tuple[int, ...]
    or tuple[str, ...]), and get them with `parameters.of(PARAMETERS)`.
    """

    title: str
    """One line, as a requirement: "RDS storage is encrypted"."""
    family: str
    severity: str
    packs: tuple[str, ...] = (CLOUDMART, AWS)
    """The packs it is in; `cloudmart` holds all, a house rule is in no other."""
    types: tuple[str, ...]
    """The resource types the rule judges."""
    why: str
    """What goes wrong without it; one or two sentences."""
    fix: str
    """A Terraform snippet (HCL)."""
    link: str
    """The AWS documentation page."""
    controls: tuple[str, ...] = ()
    """Controls it maps to, as in "AWS FSBP RDS.3", "CIS AWS 3.0 2.3.1", "Well-Architected SEC08-BP02"."""
    reads: tuple[str, ...] = ()
    """Types it looks at beside `types`, so that they do not count as uncovered."""
    protects: tuple[Protected, ...] = ()
    parameters: tuple[str, ...] = ()
    """Parameters by which it judges, as in "backups.retention_days"."""
    by_hand: str = ""
    """What a program cannot decide, where the rule has no cure, or not for all that it judges."""

    def __post_init__(self) -> None:
        for name in ("title", "why", "fix", "link"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is a text")
        for name in ("packs", "types", "controls", "reads", "parameters"):
            value = getattr(self, name)
            # A lone text is a sequence of texts, too.
            if not isinstance(value, tuple) or not all(isinstance(item, str) and item for item in value):
                raise TypeError(f"{name} is a tuple of texts, as in ('aws_instance',)")
        if not self.types:
            raise ValueError("types is empty: the rule would judge nothing")
        if self.family not in FAMILIES:
            raise ValueError(f"unknown family {self.family!r}")
        if self.severity not in SEVERITIES:
            raise ValueError(f"unknown severity {self.severity!r}")
        if CLOUDMART not in self.packs or not set(self.packs) <= set(PACKS):
            raise ValueError(f"unknown packs {self.packs!r}: {CLOUDMART} is always among them")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says: made by `passed`, `failed`, `unknown` and `not_applicable`."""

    status: str
    message: str = ""
    attribute: str = ""
    at: View | None = None


def passed(*, at: View | None = None) -> Verdict:
    """The resource fulfils the rule."""
    return Verdict(PASS, at=at)


def failed(message: str, attribute: str = "", *, at: View | None = None) -> Verdict:
    """The resource breaks the rule.

    Args:
        message: one sentence: what is wrong, with the value found; never a secret.
        attribute: path of the argument at fault, for the line; "" for the resource itself.
        at: the resource or block at fault, when it is not the one under judgement.
    """
    return Verdict(FAIL, message, attribute, at)


def unknown(why: Unknown | str, attribute: str = "", *, at: View | None = None) -> Verdict:
    """It cannot be told whether the resource fulfils the rule. Raising `Undetermined` says the same."""
    return Verdict(UNKNOWN, why.reason if isinstance(why, Unknown) else str(why), attribute, at)


def not_applicable(*, at: View | None = None) -> Verdict:
    """The rule has nothing to say about this resource (not the engine in question, for example)."""
    return Verdict(NOT_APPLICABLE, at=at)
