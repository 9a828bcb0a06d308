"""`rules`: the catalogue, or some rules in full."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from cloudmart_support.problem import Problem
from policies.command import own_rules
from policies.command.writing import terminal_width, write
from policies.engine import parameters
from policies.engine.catalogue import parameters_of
from policies.engine.judging import OWN_RULES
from policies.reports import catalogue_page, rule_page


def explain(options: argparse.Namespace) -> int:
    """Show the rules that are asked for; the exit code.

    Raises:
        Problem: there is no such rule.
    """
    entries = own_rules.entries(options.own)
    if not options.rules:
        write(catalogue_page.listing(entries, options.format), None)
        return 0
    by_id = {entry.id: entry for entry in entries}
    wanted = list(dict.fromkeys(map(_id, options.rules)))
    mistakes = [
        _unknown(id, [*by_id, *OWN_RULES]) for id in wanted if id not in by_id and id not in OWN_RULES
    ]
    if mistakes:
        raise Problem("\n".join(mistakes))
    chosen = [by_id[id] for id in wanted if id in by_id]
    if options.format == "json":
        write(rule_page.as_json(chosen), None)
        return 0
    defaults = parameters.load(own=parameters_of(entries))
    width = max(40, min(terminal_width(), 110))
    pages = [
        rule_page.explained(by_id[id], defaults, width) if id in by_id else rule_page.own(id, width)
        for id in wanted
    ]
    write("\n".join(pages), None)
    return 0


def _id(name: str) -> str:
    upper = name.upper().replace("-", "_")
    return upper if upper.startswith("CM_") else f"CM_{upper}"


def _unknown(id: str, known: list[str]) -> str:
    nearest = get_close_matches(id, known, 3, 0.5)
    hint = f"did you mean {', '.join(nearest)}?" if nearest else "`rules` without a name lists them"
    return f"there is no rule {id}: {hint}"
