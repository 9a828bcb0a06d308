"""`python tests/docs/stopped_plan.py FILE`: the picture of a stopped plan, as an SVG, from the gate's own words.

The database of the production stack gets a public address, and waits for the internet gateway, so that one rule alone
speaks.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

WIDTH = 92
# As rich writes it, but with fonts that are on the reader's machine: a picture asks nobody for a file.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" \
aria-label="A stopped plan">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def said(stack: dict[str, Any], folder: Path) -> str:
    """The gate's text report, in colours, of a stack with such a database."""
    from policies.engine import catalogue, judging, parameters
    from policies.readers import read
    from policies.reports import render

    changed = json.loads(json.dumps(stack))
    database = changed["resource"]["aws_db_instance"]["main"]
    database["publicly_accessible"] = True
    database["depends_on"] = ["aws_internet_gateway.main"]
    (folder / "cdk.tf.json").write_text(json.dumps(changed, indent=2), encoding="utf-8")
    rules = catalogue.load()
    result = judging.judge([read(folder)], rules, parameters.load(None))
    text = render("text", result, rules, colour=True, width=WIDTH)
    return text.replace(f"{folder}/", "").replace(str(folder), ".")


def picture(text: str) -> str:
    """A terminal with this text in it, as an SVG."""
    from rich.console import Console
    from rich.text import Text

    lines = text.strip("\n").split("\n")
    # The types that no rule looks at are a long list; the picture is of the finding.
    start = next(number for number, line in enumerate(lines) if line.startswith("No rule looks at"))
    shown = ["$ make plan", *lines[:start], lines[-1]]
    console = Console(
        record=True, file=io.StringIO(), width=108, force_terminal=True, color_system="standard"
    )
    console.print(Text.from_ansi("\n".join(shown)), soft_wrap=True)
    return console.export_svg(title="make plan", code_format=FORMAT, unique_id="plan")


if __name__ == "__main__":
    import tempfile

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from settings.reader import read as settings_of
    from synthesis import app

    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(Path("environments/prod.yaml"))
        stack = json.loads(app.environment(settings, Path(folder) / "out").file.read_text(encoding="utf-8"))
        (judged := Path(folder) / "stack").mkdir()
        Path(sys.argv[1]).write_text(picture(said(stack, judged)), encoding="utf-8")
    print(sys.argv[1])
