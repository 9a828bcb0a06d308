"""The executable that Terraform takes for terraform-provider-aws; the mirror's script starts it.

`runner.attached` starts it too, for several processes of Terraform.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

if __name__ == "__main__":
    # Started in isolation (`python -I`): the package is where this file is.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cloudmart_support import cache
from cloudmart_support.problem import Problem, guarded
from cloudmart_support.progress import step
from mock_provider import faults, provider, schema
from mock_provider.account import checks
from mock_provider.protocol import Played, serve, started_by_terraform

FAULTS = "MOCK_PROVIDER_FAULTS"
"""The variable that names the faults file to the plugin."""


ACCOUNT = "MOCK_PROVIDER_ACCOUNT"
"""The variable that names the account's file to the plugin."""

SHUFFLE = "MOCK_PROVIDER_SHUFFLE"
"""The variable that holds a seed: calls are held back at random, so that Terraform makes things in another order."""

ANSWER = "MOCK_PROVIDER_ANSWER"
"""The variable that names a file to the plugin with its answer about its schema."""


LENIENT = "MOCK_PROVIDER_LENIENT"
"""The variable that lets the plugin refuse nothing: what is planned is only to be looked at."""


def full_answer() -> tuple[schema.Schema, Path]:
    """The schema, and the file with the provider's answer about all of it, made when it is not there yet.

    Raises:
        Problem: the schema cannot be read, or the cache cannot be written.
    """
    known = schema.load()
    key = f"{known.folder.name.removeprefix('schema-')}-{provider.answer_key()}"

    def fill(folder: Path) -> None:
        with step("schema written as Terraform asks for it (once)"):
            (folder / "answer").write_bytes(provider.answer(known))

    return known, cache.folder(f"mock-provider/answer-{key}", fill) / "answer"


ATTACHED = "--attached"
"""The argument of a plugin that learns from a line on stdin what others learn from these variables: a JSON object."""


def main() -> int:
    """Serve until Terraform ends the plugin, or whoever attached it does."""
    told: Mapping[str, str] = os.environ
    attached = sys.argv[1:] == [ATTACHED]
    if attached:
        # What takes longest to import is brought in while the run is still being prepared.
        import grpc  # type: ignore[import-untyped]  # noqa: F401

        line = sys.stdin.readline()
        if not line:
            return 0
        told = json.loads(line)
    elif not started_by_terraform():
        raise Problem(
            "this is a plugin, and Terraform starts it: run `python -m mock_provider run -- terraform plan`"
        )
    rules, given, account, seed = (told.get(name) for name in (FAULTS, ANSWER, ACCOUNT, SHUFFLE))
    known, answer = (schema.load(), Path(given)) if given else full_answer()
    asked = faults.load(Path(rules)) if rules else ()
    behind = checks.opened(Path(account) if account else None)

    def make() -> Played:
        played = provider.Provider(
            known, answer, asked, behind, shuffle=seed or None, lenient=bool(told.get(LENIENT))
        )
        return played.handlers(), played.stop

    serve(make, attached=attached)
    return 0


if __name__ == "__main__":
    code = guarded(main)
    sys.stdout.flush()
    # Calls that still hang must not keep the process.
    os._exit(code)
