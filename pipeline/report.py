"""The summary of a plan as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.summary import ACTIONS, Change, Summary, lost

SIGNS = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "forget": "·",
    "import": "←",
    "move": "→",
}
_DONE = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "forget": "forgotten",
    "import": "imported",
    "move": "moved",
}
TO_DO = {
    "create": "to create",
    "update": "to change",
    "replace": "to replace",
    "delete": "to delete",
    "forget": "to forget",
    "import": "to import",
    "move": "to move",
}
LOSS = {"replace": "REPLACED", "delete": "DELETED", "forget": "FORGOTTEN"}
_MANY = 40
"""Lines of a section that a terminal gets; the Markdown has them all."""
_COMMENT = 60_000
"""Characters that fit into a comment: GitHub takes 65,536."""


def headline(summary: Summary, *, done: bool = False) -> str:
    """One line: what the plan does, or did if `done`, in numbers."""
    words = _DONE if done else TO_DO
    counted = ", ".join(f"{number} {words[action]}" for action, number in summary.counts.items())
    if not summary.changes and summary.outputs:
        counted = f"no resource changes, {len(summary.outputs)} outputs do"
    stay = f"; {summary.standing} stay as they are" if summary.standing else ""
    return f"{counted or 'nothing to change'}{stay}"


def text(summary: Summary, *, colour: bool = False, file: str = "", cost: str = "") -> str:
    """The summary for a terminal; `file` is where the whole of it stands, `cost` a line about what it costs."""
    red, bold = _painter(colour, "1;31"), _painter(colour, "1")
    lines: list[str] = []
    if summary.losses:
        lines.append(red(f"!! {losses_words(summary).upper()} NOT SURVIVE THIS PLAN"))
        for change in summary.losses:
            lines.append(red(f"!!   {LOSS[change.action]}: {change.address}") + f" — {loss_words(change)}")
        lines.append("")
    lines.append(bold(f"Plan: {headline(summary)}"))
    lines += [cost] if cost else []
    lines += _table(summary)
    lines += _section("Changed outside Terraform", _drift(summary), bold, file)
    changed = [change for change in summary.changes if change.action != "create"]
    lines += _section("What stands and changes", _changes(changed), bold, file)
    lines += _section("Opened", summary.access.opened, bold, file)
    lines += _section("Closed", summary.access.closed, bold, file)
    lines += _section("Policies known only after apply", summary.access.unclear, bold, file)
    return "\n".join(lines) + "\n"


def markdown(summary: Summary, *, title: str, notes: Sequence[str] = (), cost: str = "") -> str:
    """The summary for a pull request, short enough for a comment; `cost` is a line about what it costs."""
    lines = [f"## {title}", "", *(f"> {note}" for note in notes), *([""] if notes else [])]
    if summary.losses:
        lines += [
            "> [!CAUTION]",
            f"> **{losses_words(summary)} not survive this plan:**",
            ">",
        ]
        lines += [
            f"> - **{LOSS[change.action]}** {_code(change.address)} — {_escaped(loss_words(change))}"
            for change in summary.losses
        ]
        lines.append("")
    lines += [f"**{headline(summary)}**", "", *([_escaped(cost), ""] if cost else [])]
    if summary.by_tier:
        shown = list(summary.counts)
        lines += ["| tier | " + " | ".join(shown) + " |", "| --- |" + " ---: |" * len(shown)]
        for tier, counts in summary.by_tier.items():
            lines.append(f"| {tier} | " + " | ".join(str(counts.get(one, "") or "") for one in shown) + " |")
        lines.append("")
    for heading, entries in (
        ("Changed outside Terraform", _drift(summary)),
        ("Opened", summary.access.opened),
        ("Closed", summary.access.closed),
        ("Policies known only after apply", summary.access.unclear),
        ("Every change", _changes(summary.changes)),
        ("Outputs that change", summary.outputs),
    ):
        if entries:
            lines += [f"<details><summary>{heading}: {len(entries)}</summary>", ""]
            lines += [f"- {_code(entry)}" for entry in entries]
            lines += ["", "</details>", ""]
    return _cut(lines)


def _cut(lines: list[str]) -> str:
    """All lines, or as many as fit into a comment, with the open fold closed and the rest counted."""
    whole = "\n".join(lines).rstrip() + "\n"
    if len(whole) <= _COMMENT:
        return whole
    size, kept = 0, 0
    for line in lines:
        size += len(line) + 1
        if size > _COMMENT:
            break
        kept += 1
    head = lines[:kept]
    folds = sum(line.startswith("<details>") for line in head) - head.count("</details>")
    end = ["", *["</details>"] * folds, "", f"… {len(lines) - kept} more lines: `make plan` shows them all."]
    return "\n".join(head + end) + "\n"


def _table(summary: Summary) -> list[str]:
    if not summary.by_tier:
        return []
    shown = [action for action in ACTIONS if action in summary.counts]
    width = max(map(len, summary.by_tier))
    head = f"  {'':{width}}  " + "  ".join(f"{action:>7}" for action in shown)
    rows = [
        f"  {tier:{width}}  " + "  ".join(f"{counts.get(action) or '':>7}" for action in shown)
        for tier, counts in summary.by_tier.items()
    ]
    return [head, *rows]


def _drift(summary: Summary) -> list[str]:
    return [
        f"{change.address}: gone" if change.action == "delete" else _line(change) for change in summary.drift
    ]


def _changes(changes: Iterable[Change]) -> list[str]:
    return [_line(change) for change in changes]


def _line(change: Change) -> str:
    words = f"{SIGNS[change.action]} {change.address}"
    if change.was:
        words += f" (was {change.was})"
    if change.why:
        words += f": {change.why}"
    if change.attributes:
        words += f" [{'; '.join(change.attributes)}]"
    return words


def losses_words(summary: Summary) -> str:
    number = len(summary.losses)
    return "1 resource that holds data will" if number == 1 else f"{number} resources that hold data will"


def loss_words(change: Change) -> str:
    because = f"{change.why}; " if change.why else ""
    return f"{change.stateful}; {because}{lost(change)}"


def _section(title: str, entries: Sequence[str], bold: Callable[[str], str], file: str) -> list[str]:
    if not entries:
        return []
    shown = entries if len(entries) <= _MANY + 5 else entries[:_MANY]
    lines = ["", bold(f"{title}:"), *(f"  {entry}" for entry in shown)]
    if len(shown) < len(entries):
        lines.append(f"  … and {len(entries) - len(shown)} more{f': {file}' if file else ''}")
    return lines


def _painter(colour: bool, code: str) -> Callable[[str], str]:
    return lambda words: f"\033[{code}m{words}\033[0m" if colour else words


def _code(words: str) -> str:
    """Words as code in Markdown, whatever stands in them."""
    fence = "``" if "`" in words else "`"
    pad = " " if "`" in words else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _escaped(words: str) -> str:
    return "".join(f"\\{one}" if one in "\\`*_<>[]|#" else one for one in words)
