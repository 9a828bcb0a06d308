"""Waivers accept a finding for a while, and fail the gate when they are broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cloudmart_support.problem import Problem
from policies.engine import waivers
from policies.engine.judging import Finding

TODAY = date(2026, 6, 30)
FINDINGS = [
    Finding("CM_A", "backups", "high", "fail", "aws_db_instance.main", "no", "main.tf", 3, ""),
    Finding("CM_A", "backups", "high", "pass", "aws_db_instance.other", "", "main.tf", 9, ""),
    Finding("CM_B", "backups", "high", "unknown", "aws_db_instance.main", "who knows", "main.tf", 3, ""),
]
GOOD = """\
[[waiver]]
rule = "CM_A"
address = "aws_db_instance.main"
owner = "platform@example.com"
reason = "until the load test ends"
expires = 2026-06-30
"""


def applied(tmp_path: Path, text: str) -> list[Finding]:
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    return waivers.apply(FINDINGS, waivers.load(path), longest_days=400, today=TODAY)


def test_a_waived_finding_stays_and_says_why(tmp_path: Path) -> None:
    found = applied(tmp_path, GOOD)
    assert [finding.status for finding in found] == ["waived", "pass", "unknown"]
    assert found[0].message == (
        "no (waived by platform@example.com until 2026-06-30: until the load test ends)"
    )


def test_an_unknown_can_be_waived_too(tmp_path: Path) -> None:
    assert applied(tmp_path, GOOD.replace("CM_A", "CM_B"))[2].status == "waived"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2026-06-30", "2026-06-29", "it expired on 2026-06-29"),
        ('"CM_A"', '"CM_C"', "CM_C has nothing against aws_db_instance.main"),
        ("aws_db_instance.main", "aws_db_instance.other", "CM_A has nothing against aws_db_instance.other"),
        ('owner = "platform@example.com"\n', "", "it has no owner"),
        ('reason = "until the load test ends"\n', 'reason = ""\n', "it has no reason"),
        ("expires = 2026-06-30\n", "", "it has no expires"),
        ("2026-06-30", '"soon"', "expires is 'soon', not a date"),
        ("2026-06-30", "20260630", "expires is 20260630, not a date"),
        ("expires", "color = 1\nexpires", "'color' is not a field"),
        ('"platform@example.com"', "7", "owner is 7, not a text"),
        ("2026-06-30", "2027-08-05", "it expires on 2027-08-05, more than 400 days from today: 2027-08-04"),
        ("2026-06-30", "9999-12-31", "more than 400 days from today"),
        ("expires", 'folder = ""\nexpires', "folder is empty"),
        ("expires", "file = 7\nexpires", "file is 7, not a text"),
        (
            "expires",
            'file = "other.tf"\nexpires',
            "CM_A has nothing against aws_db_instance.main in other.tf",
        ),
        (
            "expires",
            'folder = "nowhere"\nexpires',
            "CM_A has nothing against aws_db_instance.main in nowhere",
        ),
    ],
)
def test_a_broken_waiver_fails_and_waives_nothing(tmp_path: Path, old: str, new: str, words: str) -> None:
    found = applied(tmp_path, "# first line\n" + GOOD.replace(old, new))
    assert [finding.status for finding in found] == ["fail", "pass", "unknown", "fail"]
    assert words in found[-1].message
    assert (found[-1].rule, found[-1].line) == ("CM_WAIVER", 2)
    assert found[-1].file.endswith("waivers.toml")


def test_the_longest_term_is_still_good(tmp_path: Path) -> None:
    assert applied(tmp_path, GOOD.replace("2026-06-30", "2027-08-04"))[0].status == "waived"


def test_a_waiver_may_be_bound_to_the_file(tmp_path: Path) -> None:
    assert applied(tmp_path, f'{GOOD}file = "./main.tf"\n')[0].status == "waived"


def in_folders(tmp_path: Path, text: str, *judged: str, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings of a rule on one address in each of the folders a and b, of which some are judged."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "waivers.toml").write_text(text)
    found = [replace(FINDINGS[0], file=f"{name}/main.tf", root=name) for name in judged]
    accepted = waivers.load(tmp_path / "waivers.toml")
    return waivers.apply(found, accepted, longest_days=400, roots=judged, today=TODAY)


@pytest.mark.parametrize(
    "bound", ['folder = "a"', 'folder = "./b/../a/"', 'folder = "a"\nfile = "a/main.tf"']
)
def test_a_bound_waiver_holds_in_its_folder_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    found = in_folders(tmp_path, f"{GOOD}{bound}\n", "a", "b", monkeypatch=monkeypatch)
    assert [finding.status for finding in found] == ["waived", "fail"]


def test_each_folder_has_its_own_waiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'{GOOD}folder = "a"\n{GOOD}folder = "b"\n'
    found = in_folders(tmp_path, text, "a", "b", monkeypatch=monkeypatch)
    assert [finding.status for finding in found] == ["waived", "waived"]


@pytest.mark.parametrize("bound", ["", 'file = "a/main.tf"\n'])
def test_a_waiver_for_several_folders_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    found = in_folders(tmp_path, GOOD + bound, "a", "b", monkeypatch=monkeypatch)
    if bound:
        assert [finding.status for finding in found] == ["waived", "fail"]
    else:
        assert [finding.status for finding in found] == ["fail", "fail", "fail"]
        assert 'in 2 folders: bind it to one of them, as in folder = "a"' in found[-1].message


def test_a_waiver_of_a_folder_that_is_not_judged_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = in_folders(tmp_path, f'{GOOD}folder = "b"\n', "a", monkeypatch=monkeypatch)
    assert [finding.status for finding in found] == ["fail"]


def test_a_waiver_of_a_folder_that_went_away_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = in_folders(tmp_path, f'{GOOD}folder = "c"\n', "a", monkeypatch=monkeypatch)
    assert [finding.status for finding in found] == ["fail", "fail"]
    assert "there is no folder c" in found[-1].message


def test_a_date_may_be_written_as_a_text(tmp_path: Path) -> None:
    assert applied(tmp_path, GOOD.replace("2026-06-30", '"2026-06-30"'))[0].status == "waived"


@pytest.mark.parametrize(
    "text", ["[[waiver]\n", "waiver = 1\n", "waiver = [1]\n", "[other]\nx = 1\n", "\x00"]
)
def test_what_is_no_file_of_waivers_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Problem, match=r"waivers\.toml"):
        applied(tmp_path, text)


def test_the_projects_own_file_holds_none() -> None:
    assert waivers.load(waivers.DEFAULTS) == ()


# --- patterns -------------------------------------------------------------------------------------------

STORES = [
    replace(FINDINGS[0], rule=rule, address=address, root=root, file=f"{root}/main.tf")
    for rule, address, root in (
        ("CM_A", "aws_sqs_queue.jobs[0]", "stacks/a"),
        ("CM_A", "aws_sqs_queue.jobs[1]", "stacks/a"),
        ("CM_AB", "module.m.aws_sqs_queue.jobs", "stacks/a"),
        ("CM_A", 'aws_sqs_queue.by["*"]', "stacks/b/live"),
        ("CM_A", 'aws_sqs_queue.by["x"]', "stacks/b/live"),
    )
]


def waived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]) -> tuple[list[int], str]:
    """Which of STORES are waived by the good waiver with other fields, and what is told of it."""
    monkeypatch.chdir(tmp_path)
    for name in ("stacks/a", "stacks/b/live"):
        (tmp_path / name).mkdir(parents=True)
    fields = {"rule": "CM_A", "address": "*", "owner": "o", "reason": "r", "expires": "2026-12-31", **changes}
    text = "[[waiver]]\n" + "".join(f"{name} = {value!r}\n" for name, value in fields.items())
    notes: list[str] = []
    found = waivers.apply(
        STORES,
        waivers.parse(text, "w.toml"),
        longest_days=400,
        roots=["stacks/a", "stacks/b/live"],
        today=TODAY,
        tell=notes.append,
    )
    broken = [finding.message for finding in found if finding.rule == "CM_WAIVER"]
    numbers = [number for number, finding in enumerate(found) if finding.status == "waived"]
    return numbers, " ".join([*broken, *notes])


@pytest.mark.parametrize(
    ("changes", "numbers", "words"),
    [
        ({"address": "aws_sqs_queue.jobs*", "folder": "stacks/a"}, [0, 1], "waives 2 findings"),
        ({"address": "aws_sqs_queue.jobs[*]"}, [0, 1], "CM_A on aws_sqs_queue.jobs[*] waives 2 findings"),
        ({"address": "*.jobs", "rule": "CM_A*"}, [2], "w.toml:1: CM_A* on *.jobs waives 1 finding"),
        ({"address": "aws_sqs_queue.jobs[?]"}, [], "has nothing against"),
        ({"address": "aws_sqs_queue.jobs[01]"}, [], "has nothing against"),
        ({"address": 'aws_sqs_queue.by["*"]'}, [3], "waives 1 finding"),
        ({"folder": "stacks/*"}, [0, 1], "waives 2 findings"),
        ({"folder": "stacks/**"}, [0, 1, 3, 4], "CM_A on * in stacks/** waives 4 findings"),
        ({"folder": "**"}, [0, 1, 3, 4], "waives 4 findings"),
        ({"folder": "**/live"}, [3, 4], "waives 2 findings"),
        ({"folder": "stacks/*/live", "file": "stacks/**/main.tf"}, [3, 4], "waives 2 findings"),
        ({"file": "stacks/b/*/main.tf"}, [3, 4], "waives 2 findings"),
        ({"folder": "stacks/b*"}, [], ""),
        ({"folder": "nowhere/*"}, [], "there is no folder nowhere/*"),
        ({"address": "aws_sns_*"}, [], "CM_A has nothing against aws_sns_*: take the waiver out"),
        ({}, [], "in 2 folders: bind it to one of them"),
        ({"rule": "*"}, [], "it would accept everything: name the rule, or the address"),
        ({"rule": "**", "folder": "stacks/a"}, [], "it would accept everything"),
        ({"expires": "2026-06-29", "folder": "stacks/a"}, [], "it expired on 2026-06-29"),
    ],
)
def test_a_pattern_says_how_many_it_is_about(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    numbers: list[int],
    words: str,
) -> None:
    found, told = waived(tmp_path, monkeypatch, changes)
    assert found == numbers
    assert words in told
    assert bool(told) == bool(words)


@pytest.mark.parametrize(
    ("rest", "broken"),
    [({}, True), ({"stacks/c/main.tf": ""}, False), ({"stacks/c/notes": "", "stacks/.c/main.tf": ""}, True)],
)
def test_a_pattern_of_folders_is_left_alone_where_one_of_them_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: dict[str, str], broken: bool
) -> None:
    for name, text in rest.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    found, told = waived(tmp_path, monkeypatch, {"address": "aws_sns_*", "folder": "stacks/*"})
    assert (found, "has nothing against" in told) == ([], broken)


def test_a_pattern_waives_no_broken_waiver(tmp_path: Path) -> None:
    text = GOOD + GOOD.replace("CM_A", "CM_W*").replace("aws_db_instance.main", "*.main")
    found = applied(tmp_path, text.replace("CM_A", "CM_C"))
    assert [finding.status for finding in found] == ["fail", "pass", "unknown", "fail", "fail"]


def test_many_stars_take_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a matcher that tries every way there would be 10 to the power of 20 of them."""
    address = "a" * 200
    found = [replace(FINDINGS[0], address=address)]
    waiver = GOOD.replace("aws_db_instance.main", "*a" * 40 + "*b")
    assert len(waivers.apply(found, waivers.parse(waiver, "w"), longest_days=400, today=TODAY)) == 2


@pytest.mark.parametrize(
    ("pattern", "path", "like"),
    [
        ("**", "", True),
        ("**", "a/b", True),
        ("a/**", "a", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/b/c", False),
        ("*", "a/b", False),
        ("a/*", "a", False),
        ("", "", True),
        ("/".join(["**", "a"] * 30 + ["b"]), "/".join("a" * 60), False),
    ],
)
def test_two_stars_stand_for_any_number_of_names(pattern: str, path: str, like: bool) -> None:
    assert waivers.named(Path(pattern).parts, Path(path).parts) == like
