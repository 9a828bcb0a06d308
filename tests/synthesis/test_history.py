"""Changes of the state: written once, held against the stack, and synthesized as Terraform's blocks."""

from __future__ import annotations

import pytest

from cloudmart_support.problem import Problem
from synthesis import history

CONFIGURATION = {
    "resource": {
        "aws_vpc": {"main": {}, "second": {}},
        "aws_s3_bucket": {"frontend": {}},
        "aws_eip": {"main": {}},
    }
}


def made(tmp_path, changes="", imports="", environment="prod"):
    files = tmp_path / "history.toml", tmp_path / "prod.imports.toml"
    for file, text in zip(files, (changes, imports), strict=True):
        file.write_text(text)
    return history.blocks(
        environment,
        CONFIGURATION,
        history.read(files[0], "moved", "removed"),
        history.read(files[1], "import"),
        files[1],
    )


def moved(source, target, further=""):
    return f'[[moved]]\nfrom = "{source}"\nto = "{target}"\n{further}\n'


def removed(source, further=""):
    return f'[[removed]]\nfrom = "{source}"\n{further}\n'


def imported(target, identifier):
    return f"[[import]]\nto = '{target}'\nid = '{identifier}'\n"


def test_nothing_is_written_where_nothing_is_said(tmp_path):
    assert made(tmp_path) == {}
    assert history.read(tmp_path / "none.toml", "import") == []


def test_blocks_are_terraforms_own(tmp_path):
    changes = (
        moved("aws_vpc.first", "aws_vpc.old") + moved("aws_vpc.old", "aws_vpc.main") + removed("aws_eip.gone")
    )
    assert made(tmp_path, changes, imported("aws_s3_bucket.frontend", "a${b}%{c}")) == {
        "moved": [
            {"from": "aws_vpc.first", "to": "aws_vpc.old"},
            {"from": "aws_vpc.old", "to": "aws_vpc.main"},
        ],
        "removed": [{"from": "aws_eip.gone", "lifecycle": {"destroy": False}}],
        "import": [{"to": "aws_s3_bucket.frontend", "id": "a$${b}%%{c}"}],
    }


def test_an_entry_may_be_for_some_environments(tmp_path):
    changes = moved("aws_vpc.old", "aws_vpc.elsewhere", 'environments = ["dev"]')
    assert made(tmp_path, changes) == {}
    with pytest.raises(
        Problem, match=r"dev has no aws_vpc\.elsewhere \(it has aws_vpc\.main, aws_vpc\.second\)"
    ):
        made(tmp_path, changes, environment="dev")
    # The bucket of the states has a stack of its own, which is meant only where it is named.
    assert made(tmp_path, moved("aws_vpc.old", "aws_vpc.main"), environment="state") == {}


@pytest.mark.parametrize(
    ("changes", "imports", "reason"),
    [
        (
            moved("aws_vpc.second", "aws_vpc.main"),
            "",
            "prod still has aws_vpc.second: rename it in modules/ first",
        ),
        (removed("aws_vpc.main"), "", "prod still has aws_vpc.main: remove it in modules/ first"),
        (moved("aws_vpc.old", "aws_vpc.mian"), "", "prod has no aws_vpc.mian (it has aws_vpc.main"),
        (moved("aws_vpc.old", "aws_eip.main"), "", "is another type of resource"),
        (moved("aws_vpc.a", "aws_vpc.main") + moved("aws_vpc.b", "aws_vpc.main"), "", "two become one"),
        (moved("aws_vpc.a", "aws_vpc.main") + removed("aws_vpc.a"), "", "stands twice"),
        (
            moved("aws_vpc.a", "aws_vpc.b") + moved("aws_vpc.b", "aws_vpc.a"),
            "",
            "leads back to where it began",
        ),
        (moved("aws_vpc.a", "aws_vpc.a"), "", "leads back to where it began"),
        (
            moved("aws_vpc.a", "module.x.aws_vpc.main"),
            "",
            "to: 'module.x.aws_vpc.main' is no address of this stack",
        ),
        (moved("null_resource.a", "aws_vpc.main"), "", "from: 'null_resource.a' is no address of this stack"),
        (
            removed("aws_vpc.a", "destroy = true"),
            "",
            "destroy: there is no such key; there are from, environments",
        ),
        (removed("aws_vpc.a", 'environments = "prod"'), "", "environments: has to be a list of names"),
        ("[[moved]]\nfrom = 1\n", "", "[[moved]] 1: to: has to be a text, and is not there"),
        ("moved = 1\n", "", "is no table; it is written [[moved]]"),
        (
            imported("aws_vpc.main", "vpc-1"),
            "",
            "import: there is no such entry here; there are [[moved]], [[removed]]",
        ),
        ("", removed("aws_vpc.a"), "removed: there is no such entry here; there are [[import]]"),
        ("", imported("aws_vpc.other", "vpc-1"), "prod has no aws_vpc.other"),
        ("", imported("aws_vpc.main", "vpc-1") + imported("aws_vpc.second", "vpc-1"), "stands twice"),
        ("", imported("aws_vpc.main", "vpc-1") + imported("aws_vpc.main", "vpc-2"), "stands twice"),
        ("", imported("aws_vpc.main", " "), "id: has to be a text"),
        ("", '[[import]]\nto = "aws_vpc.main"\nid = "a\\nb"\n', "id: has to be a text"),
        ("[[moved]\n", "", "is not TOML"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(tmp_path, changes, imports, reason):
    with pytest.raises(Problem) as problem:
        made(tmp_path, changes, imports)
    assert reason in str(problem.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(Problem) as problem:
        made(tmp_path, removed("aws_vpc.main") + removed("aws_eip.main"))
    assert str(problem.value).count("prod still has") == 2
