"""`python -m handoff --env prod`: the ops team's bundle. `python -m handoff --picture FILE.svg`: the architecture."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cloudmart_support.problem import Problem, guarded
from handoff import costs, price_list

ROOT = Path(__file__).resolve().parent.parent


def main(given: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="handoff", description="Write the bundle that an ops team owns.")
    parser.add_argument("--env", default=os.environ.get("ENV", "prod"), help="environments/ENV.yaml (prod)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="another settings file in its place")
    parser.add_argument(
        "--since", type=Path, metavar="BUNDLE", help="an earlier bundle, folder or tarball, to compare with"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="where to (dist)")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="only draw the architecture, as SVG or, in a file that ends with .mmd, as Mermaid",
    )
    parser.add_argument(
        "--controls", type=Path, metavar="FILE", help="only write the page of controls into this file"
    )
    parser.add_argument(
        "--prices",
        metavar="REGION",
        help="only renew prices.toml from AWS's public price lists, for a region",
    )
    parser.add_argument(
        "--price-list", default=price_list.BASE, metavar="URL", help="where the price lists are"
    )
    parser.add_argument("--price-file", type=Path, default=costs.FILE, metavar="FILE", help="prices.toml")
    arguments = parser.parse_args(given)
    if arguments.prices:
        path = arguments.settings or ROOT / "environments" / f"{arguments.env}.yaml"
        return _prices(path, arguments.prices, arguments.price_list, arguments.price_file)
    if arguments.controls:
        from handoff import controls

        arguments.controls.write_text(controls.page(controls.load()), encoding="utf-8")
        print(_short(arguments.controls))
        return 0
    path = arguments.settings or ROOT / "environments" / f"{arguments.env}.yaml"
    if arguments.picture:
        return _picture(path, arguments.picture)
    if arguments.since and not arguments.since.exists():
        raise Problem(
            f"{arguments.since}: does not exist; SINCE names an earlier bundle, its folder or its tarball"
        )

    from handoff import bundle

    built = bundle.build(path, arguments.out, arguments.since)
    lower = "at least " if built.estimate.unknown else ""
    print(f"{_short(built.folder)}/ and {_short(built.tarball)}")
    print(f"{built.resources} resources; {lower}${built.estimate.monthly:,.2f} a month standing still")
    if built.comparison:
        from handoff import changes

        counted = changes.counted(built.comparison.after_moves)
        print(
            f"since {built.comparison.earlier}: "
            + ", ".join(f"{n} to {action}" for action, n in counted.items())
        )
        if built.comparison.moves:
            print(f"{len(built.comparison.moves)} addresses moved: proposed-moves.tf has the blocks")
    print(f"next: open {_short(built.folder)}/pages/index.html")
    return 0


def picture(path: Path, *, as_mermaid: bool = False) -> str:
    """The architecture of an environment's settings, as SVG or as Mermaid."""
    import settings
    from handoff import mermaid, svg, topology
    from synthesis import app

    with tempfile.TemporaryDirectory() as out:
        done = app.environment(settings.read(path), Path(out))
        shown = topology.topology(done.file.parent)
    return mermaid.mermaid(shown) if as_mermaid else svg.svg(shown)


def _picture(path: Path, target: Path) -> int:
    drawn = picture(path, as_mermaid=target.suffix == ".mmd")
    try:
        target.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise Problem(f"{target}: cannot be written: {error.strerror}") from error
    print(_short(target))
    return 0


def _prices(path: Path, region: str, base: str, file: Path) -> int:
    """Renew the prices of all that the file has and all that the environment pays for."""
    import settings
    from synthesis import app

    with tempfile.TemporaryDirectory() as out:
        configuration = app.environment(settings.read(path), Path(out)).configuration
    needed = {line.item for line in costs.estimate(configuration, costs.load(file)).lines}
    count, missing = price_list.renew(region, needed, base, file)
    print(f"{_short(file)}: {count} prices of {region}")
    for words in missing:
        print(f"not found: {words}")
    return 0


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(guarded(main))
