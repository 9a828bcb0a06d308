"""`import`: what was made by hand is written down, so that the next plan takes it in, for all to read."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from cloudmart_support.problem import Problem
from pipeline import planning
from pipeline.target import Target
from synthesis import history

_HEAD = """\
# What was made by hand in {environment}, for its next plan to take into Terraform's state. An entry may go once it is
# applied: what is in the state already is not taken in twice.
"""


def take_in(target: Target, address: str, identifier: str) -> int:
    """Write an import into the environment's file, if the stack has such a resource; the exit code.

    `identifier` is the id by which the provider imports the type.

    Raises:
        Problem: the stack has no such resource, the file names it already, or the file cannot be written.
    """
    for name, given in (("ADDRESS", address), ("ID", identifier)):
        if not given:
            example = target.make("import", ADDRESS="aws_s3_bucket.frontend", ID="the-bucket")
            raise Problem(f"{name} is not given, as in {example}")
    file = target.imports
    if file.is_symlink():
        raise Problem(f"{target.shown(file)}: is a link to another file, which is not written: remove it")
    before = file.read_bytes().decode("utf-8") if file.is_file() else None
    text = _HEAD.format(environment=target.environment) if before is None else before
    entry = f"[[import]]\nto = {_quoted(address)}\nid = {_quoted(identifier)}\n"
    _written(file, f"{text.rstrip()}\n\n{entry}")
    try:
        history.read(file, "import")
        # With the entry in it, which is where its address is held against the stack.
        planning.synthesize(target)
    except BaseException:
        if before is None:
            file.unlink()
        else:
            _written(file, before)
        raise
    print(f"{target.shown(file)}: {address} is {identifier}; nothing is changed yet")
    print(
        "the plan shows what it imports, and what apply would change about it so that it is what the settings say"
    )
    print(f"next: {target.make('plan')}")
    return 0


def _quoted(text: str) -> str:
    """A text in TOML, whose basic strings are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def _written(file: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(text.encode("utf-8"))
        mode = file.stat().st_mode & 0o777 if file.is_file() else 0o644
        Path(draft).chmod(mode)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
