"""What a run is about: an environment, for AWS or for the mock, and where its files lie."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cloudmart_support.problem import Problem
from synthesis import bindings

ROOT = Path(__file__).resolve().parents[1]
STATE = "state"
"""The environment that is none: the stack of the state bucket."""
ROLES = ("plan", "apply", "drift")
"""What roles there are in AWS for a team's jobs; each is called after the stack and its job."""
PLAYED_ACCOUNT = "000000000000"
"""The mock's account."""
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class Target:
    """One environment's stack, for AWS or, if `local`, for the mock provider.

    Everything of the mock's lies under a folder of its own, with a state of its own. With `account`, its state and
    account lie there instead, and several clones share them, as they share AWS.
    """

    environment: str
    local: bool
    stack: str
    settings: Path
    root: Path = ROOT
    account: Path | None = None

    @property
    def out(self) -> Path:
        """Where synthesis writes."""
        return self.root / "cdktf.out" / "local" if self.local else self.root / "cdktf.out"

    @property
    def folder(self) -> Path:
        """The configuration's folder, which for AWS is Terraform's working folder too."""
        return self.out / "stacks" / self.stack

    @property
    def work(self) -> Path:
        """The folder for plans."""
        return self.out / self.stack if self.local else self.folder

    @property
    def played(self) -> Path:
        """The folder of the mock's state and account."""
        return self.account / self.stack if self.account else self.work

    @property
    def configuration(self) -> Path:
        """The synthesized JSON."""
        return self.folder / "cdk.tf.json"

    @property
    def saved(self) -> Path:
        """The folder of the plan that may be applied."""
        return self.work / "plan"

    @property
    def applied(self) -> Path:
        """The folder of the plan that was applied last."""
        return self.work / "last-apply"

    @property
    def signers(self) -> Path:
        """Whose signed plans are applied when they were made elsewhere; where there is none, anybody's."""
        return self.settings.with_suffix(".signers")

    @property
    def waivers(self) -> Path:
        """The environment's own waivers, which need not exist."""
        return self.settings.with_suffix(".waivers.toml")

    @property
    def parameters(self) -> Path:
        """The environment's own parameters of the policies, which need not exist."""
        return self.settings.with_suffix(".params.toml")

    @property
    def imports(self) -> Path:
        """What the environment takes in that was made by hand, which need not exist."""
        return self.settings.with_suffix(".imports.toml")

    @property
    def guarded(self) -> bool:
        """Whether stateful resources are replaced or deleted only when they are named."""
        return self.environment.startswith("prod") or self.environment == STATE

    @property
    def twin(self) -> Target:
        """The same environment on the other side: for AWS if this one is local, and the other way round."""
        return replace(self, local=not self.local, account=None)

    def role(self, job: str) -> str:
        """The ARN of the role for one of `ROLES`.

        Raises:
            Problem: the settings do not say which account the environment is in.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        """
        import settings

        values = settings.read(self.settings)
        account = PLAYED_ACCOUNT if self.local else values.account
        if account is None:
            raise Problem(
                f"{self.shown(self.settings)}: does not say which account {self.environment} is in: write its number, "
                'as in account: "111122223333"'
            )
        partition = next(
            (name for start, name in _PARTITIONS.items() if values.region.startswith(start)), "aws"
        )
        return f"arn:{partition}:iam::{account}:role/{self.stack}-{job}"

    def make(self, command: str = "", **variables: str) -> str:
        """The `make` command for this target, or its variables alone, as a person types them."""
        side = {"LOCAL": "1"} if self.local else {}
        side |= bindings.variables()
        if self.account:
            side["ACCOUNT"] = str(self.account)
        given = {"ENV": self.environment, **side, **variables}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in given.items())
        return f"make {command} {words}" if command else f" {words}"

    def shown(self, path: Path) -> str:
        """A path as a person in the project's folder would write it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def target(environment: str, *, local: bool, root: Path = ROOT, account: Path | None = None) -> Target:
    """The target of an environment by its name, which is that of its settings file.

    `account` is the folder of an account of the mock's that several clones share.

    Raises:
        Problem: there are no such settings, or they are not right.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", environment):
        raise Problem(f"ENV={environment}: an environment's name is that of its file in environments/")
    settings_file = root / "environments" / f"{environment}.yaml"
    if not settings_file.is_file():
        known = sorted(path.stem for path in settings_file.parent.glob("*.yaml"))
        raise Problem(
            f"ENV={environment}: there is no environments/{environment}.yaml; there are: {', '.join(known)}"
        )
    import settings

    if environment == STATE:
        stack = f"{settings.read_state(settings_file).project}-state"
    else:
        stack = settings.read(settings_file).name
    return Target(environment, local, stack, settings_file, root, account)


@contextmanager
def held(target: Target) -> Iterator[None]:
    """Keep other runs of this project out of the target's folder.

    Raises:
        Problem: another run is in it, or it cannot be written.
    """
    lock = target.work / ".pipeline.lock"
    try:
        target.work.mkdir(parents=True, exist_ok=True)
        # A link there would have another file written.
        handle = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+")
    except OSError as error:
        raise Problem(f"{target.shown(target.work)}: cannot be written ({error.strerror})") from error
    with handle:
        if os.fstat(handle.fileno()).st_nlink != 1:
            raise Problem(f"{target.shown(lock)}: has another name somewhere (a hard link): remove it")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            who = handle.read().strip() or "another run"
            raise Problem(
                f"{target.shown(target.work)}: {who} is at work here: wait for it to end, then run this again"
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}")
        handle.flush()
        yield
