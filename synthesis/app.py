"""Synthesis: an environment's settings in, `OUT/stacks/NAME/cdk.tf.json` out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cloudmart_support.problem import Problem
from settings import Settings, StateSettings
from synthesis import history


class Synthesis(NamedTuple):
    """What was written: the file, and its content as Terraform reads it."""

    file: Path
    configuration: dict[str, Any]


def environment(values: Settings, out: Path, imports: Path | None = None) -> Synthesis:
    """Synthesize one environment's stack into `OUT/stacks/PROJECT-ENVIRONMENT/cdk.tf.json`.

    `imports` is the file of what the environment takes in, which need not exist.
    """
    from modules.stack import CloudMart

    return _changing(_synthesize(lambda app: CloudMart(app, values), out), values.environment, imports)


def state(values: StateSettings, out: Path, imports: Path | None = None) -> Synthesis:
    """Synthesize the state bucket's stack into `OUT/stacks/PROJECT-state/cdk.tf.json`; see `environment`."""
    from modules.state import StateBucket

    return _changing(_synthesize(lambda app: StateBucket(app, values), out), "state", imports)


def _changing(done: Synthesis, environment: str, imports: Path | None) -> Synthesis:
    """The same with the blocks that change the state, if there are any."""
    changes = history.read(history.FILE, "moved", "removed")
    taken = history.read(imports, "import") if imports else []
    blocks = history.blocks(environment, done.configuration, changes, taken, imports or history.FILE)
    if not blocks:
        return done
    configuration = {**done.configuration, **blocks}
    done.file.write_text(json.dumps(configuration, indent=2, ensure_ascii=False), encoding="utf-8")
    return Synthesis(done.file, configuration)


def _synthesize(build: Callable[[Any], Any], out: Path) -> Synthesis:
    # Late, because `modules` prepares what the bindings need when it is first imported.
    from modules.names import App

    try:
        # The framework makes the last folder of a path alone.
        out.mkdir(parents=True, exist_ok=True)
        app = App(outdir=str(out))
        stack = build(app)
        app.synth()
    except OSError as error:
        raise _refused(out, str(error.strerror)) from error
    except RuntimeError as error:
        # What Node says of the disk: "EROFS: read-only file system, mkdir 'PATH'".
        told = re.search(r"\b(?:ENOSPC|EDQUOT|EROFS|EACCES|EPERM|EIO|ENOTDIR|EEXIST): (.+)", str(error))
        if told is None:
            raise
        raise _refused(out, told[1]) from error
    file = out / "stacks" / str(stack.node.id) / "cdk.tf.json"
    return Synthesis(file, json.loads(file.read_text(encoding="utf-8")))


def _refused(out: Path, reason: str) -> Problem:
    return Problem(
        f"{out}: the stack cannot be written ({reason}): make room there, or name another folder with --out"
    )


def tiers(configuration: dict[str, Any]) -> dict[str, int]:
    """The number of resources by tier, which is the first part of the construct path below the stack."""
    counted: dict[str, int] = {}
    for of_type in configuration.get("resource", {}).values():
        for resource in of_type.values():
            tier = resource["//"]["metadata"]["path"].split("/")[1]
            counted[tier] = counted.get(tier, 0) + 1
    return counted
