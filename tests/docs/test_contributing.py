"""The first rule of CONTRIBUTING.md, as it is written there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from policies.testing import trials

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_first_rule_holds_its_cases(tmp_path: Path) -> None:
    (path,) = re.findall(r"Write `(policies/rules/\w+\.py)`", PAGE)
    for language, ending in (("python", "py"), ("terraform", "tf")):
        (block,) = re.findall(rf"^   ```{language}\n(.*?)^   ```$", PAGE, re.DOTALL | re.MULTILINE)
        (tmp_path / f"{Path(path).stem}.{ending}").write_text(textwrap.dedent(block), encoding="utf-8")
    assert not (ROOT / path).exists(), "the page's example is a rule by now: take another one"
    found = trials(tmp_path)
    assert len(found) == 3
    for trial in found:
        trial.run(tmp_path / trial.form)


def test_what_it_names_is_there() -> None:
    named = set(
        re.findall(r"(?:policies|tests|modules|settings|mock_provider|handoff|environments)/[\w/.]+\w", PAGE)
    )
    examples = {"policies/rules/ecr_tags_immutable.py", "tests/policies/rules/ecr_tags_immutable.tf"}
    made = {"environments/stage.yaml", "environments/stage.waivers.toml"}
    assert examples <= named
    assert [name for name in sorted(named - examples - made) if not (ROOT / name).exists()] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= targets
