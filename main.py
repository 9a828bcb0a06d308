"""CloudMart's Terraform, synthesized: `python main.py synth --env prod` writes cdktf.out/stacks/cloudmart-prod/."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cloudmart_support.problem import guarded
from cloudmart_support.progress import step

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE / "environments"


def main() -> int:
    """The command line; without a command (as the CDKTF CLI calls it) it synthesizes $ENV, else prod."""
    # A short process that makes many classes and throws none away: looking for garbage is a tenth of its time.
    gc.disable()
    parser = argparse.ArgumentParser(prog="main.py", description=__doc__)
    parser.add_argument(
        "command", nargs="?", default="synth", choices=["synth", "synth-state", "schema", "local"]
    )
    parser.add_argument("--env", default=os.environ.get("ENV", "prod"), help="environments/ENV.yaml")
    parser.add_argument(
        "--settings", type=Path, help="another settings file in place of environments/ENV.yaml"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="set one value over the file's, as in --set network.availability_zones=[a,b,c]",
    )
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("CDKTF_OUTDIR", HERE / "cdktf.out")))
    arguments = parser.parse_args()
    commands = {"synth": synth, "synth-state": synth_state, "schema": schema, "local": local}
    return commands[arguments.command](arguments)


def synth(arguments: argparse.Namespace) -> int:
    """Synthesize one environment; `state` is the state bucket's own stack."""
    if arguments.env == "state":
        return synth_state(arguments)
    path = arguments.settings or ENVIRONMENTS / f"{arguments.env}.yaml"
    from synthesis import bindings

    # Node loads while the settings are read. Should it fail, the import below fails in the same way, and is told.
    with step(f"settings read and checked: {_short(path)}"), ThreadPoolExecutor(1) as meanwhile:
        meanwhile.submit(bindings.preload)
        import settings

        values = settings.read(path, arguments.overrides)
    with step("bindings of hashicorp/aws loaded"):
        import modules.stack  # noqa: F401
    with step("stack synthesized"):
        from synthesis import app

        done = app.environment(values, arguments.out, path.with_suffix(".imports.toml"))
    counted = app.tiers(done.configuration)
    print(_short(done.file))
    print(f"{sum(counted.values())} resources: {', '.join(f'{tier} {n}' for tier, n in counted.items())}")
    if values.domain.name.endswith((".example.com", ".example")):
        print(f"note: domain.name is still {values.domain.name}; {_short(path)} is where to change it")
    print(f"next: make policy ENV={values.environment}{_bindings()}")
    return 0


def synth_state(arguments: argparse.Namespace) -> int:
    """Synthesize the state bucket's stack."""
    path = arguments.settings or ENVIRONMENTS / "state.yaml"
    with step(f"settings read and checked: {_short(path)}"):
        import settings

        values = settings.read_state(path)
    with step("stack synthesized"):
        from synthesis import app

        done = app.state(values, arguments.out, path.with_suffix(".imports.toml"))
    print(_short(done.file))
    print(f"{sum(app.tiers(done.configuration).values())} resources")
    print(f"next: make plan ENV=state{_bindings()}")
    return 0


def schema(arguments: argparse.Namespace) -> int:
    """Write the settings' JSON schemas, for editors, into docs/."""
    from settings import schema as settings_schema

    for path, text in settings_schema.files().items():
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
        print(path)
    return 0


def local(arguments: argparse.Namespace) -> int:
    """Write docker-compose.yml, the local twin, from the same settings."""
    import settings
    from synthesis import certificates, compose

    path = arguments.settings or ENVIRONMENTS / f"{arguments.env}.yaml"
    target = HERE / "docker-compose.yml"
    target.write_text(compose.document(settings.read(path, arguments.overrides)), encoding="utf-8")
    certificates.write(HERE / compose.CERTIFICATES, compose.STORES)
    print(_short(target))
    print("next: docker compose up")
    return 0


def _bindings() -> str:
    """What the next command needs to stay with the same bindings."""
    from synthesis import bindings

    return "".join(f" {name}={value}" for name, value in bindings.variables().items())


def _short(path: Path) -> str:
    """The path as a person in the current folder would write it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(guarded(main))
