"""The parameters that a rule says it judges by are those that it reads on its own cases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rule_cases import cases

from policies.engine import catalogue, judging, parameters
from policies.readers import read

DEFAULTS = parameters.load()
ENTRIES = [entry for entry in catalogue.load() if entry.rule.parameters]


class Noted:
    """Parameters that write down what is read of them."""

    def __init__(self, subject: Any, name: str, read: set[str]) -> None:
        self._noted = subject, name, read

    def __getattr__(self, key: str) -> Any:
        subject, name, read = self._noted
        value = getattr(subject, key)
        whole = f"{name}.{key}" if name else key
        if callable(value):
            return lambda: type(subject).window_starts_utc(self)
        if type(value) in parameters.SECTIONS.values():
            return Noted(value, whole, read)
        read.add(whole)
        return value


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_they_are_those_that_are_read(entry: catalogue.Entry, tmp_path: Path) -> None:
    noted: set[str] = set()
    for number, case in enumerate(cases(entry.id.removeprefix("CM_").lower())):
        if noted == set(entry.rule.parameters):
            break
        folder = tmp_path / str(number)
        for name, text in case.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        judging.judge([read(folder)], [entry], Noted(DEFAULTS, "", noted), catalogue.load())  # type: ignore[arg-type]
    noted = {name for name in noted if not name.startswith("coverage.")}
    assert noted == set(entry.rule.parameters)


def test_no_other_rule_reads_any() -> None:
    folder = catalogue.FOLDER
    quiet = {entry.id.removeprefix("CM_").lower() for entry in catalogue.load() if not entry.rule.parameters}
    sections = "|".join([*parameters.SECTIONS, "flows"])
    for name in sorted(quiet):
        # What a cure writes may hang on one.
        text = (folder / f"{name}.py").read_text(encoding="utf-8").split("\ndef cure(")[0]
        assert not re.search(rf"\bparameters\.(?:{sections})\b", text), name
