"""The configuration of a repository: found, read, checked, laid under the command line, and said in the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.command import main
from policies.staged import Deciders, folders

NAME = ".cloudmart-policies.toml"
SOON = (datetime.now(UTC) + timedelta(days=30)).date()
TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "x"\n}\n'
"""One finding: CM_QUEUES_ENCRYPTED."""
DATABASE = """\
variable "days" {
  type    = number
  default = 1
}
resource "aws_db_instance" "main" {
  engine                  = "postgres"
  backup_retention_period = var.days
}
"""
WAIVER = f"""\
[[waiver]]
rule = "CM_QUEUES_ENCRYPTED"
address = "aws_sns_topic.t"
owner = "o"
reason = "r"
expires = {SOON}
"""


class Repository:
    """A folder with a `.git`, in which the gate is run."""

    def __init__(
        self, top: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.top = top
        self._capsys = capsys
        self._chdir = monkeypatch.chdir
        (top / ".git").mkdir(parents=True)
        self.enter("")

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def enter(self, folder: str) -> None:
        (self.top / folder).mkdir(exist_ok=True)
        self._chdir(self.top / folder)

    def check(self, *arguments: str) -> tuple[int, Any]:
        """The exit code, and the JSON report or what was said on stderr."""
        code = main(["check", "--format", "json", *arguments])
        out, err = self._capsys.readouterr()
        return code, json.loads(out) if out else err

    def statuses(self, *arguments: str) -> dict[str, str]:
        """Each rule's status."""
        _, report = self.check(*arguments)
        return {finding["rule"]: finding["status"] for finding in report["findings"]}


@pytest.fixture
def repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Repository:
    return Repository(tmp_path / "repository", monkeypatch, capsys)


def test_without_a_configuration_all_rules_run(repository: Repository) -> None:
    repository.write({"main.tf": TOPIC, "pyproject.toml": "[tool.other]\nx = 1\n"})
    code, report = repository.check(".")
    assert (code, "terms" in report, "notes" in report) == (1, False, False)


def test_a_configuration_means_the_pack_aws_unless_it_says_another(repository: Repository) -> None:
    repository.write({"main.tf": DATABASE, NAME: ""})
    _, report = repository.check(".")
    assert (report["terms"]["pack"], report["terms"]["configuration"]) == ("aws", NAME)
    assert "CM_RDS_MULTI_AZ" not in {finding["rule"] for finding in report["findings"]}
    assert report["notes"][0] == f"configuration {NAME}, pack aws"
    repository.write({NAME: 'pack = "cloudmart"\n'})
    assert repository.statuses(".")["CM_RDS_MULTI_AZ"] == "fail"
    assert "CM_RDS_MULTI_AZ" not in repository.statuses(".", "--pack", "aws")
    assert "CM_RDS_MULTI_AZ" in repository.statuses(".", "--no-config")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({NAME: ""}, f"../{NAME}"),
        ({"pyproject.toml": "[tool.cloudmart-policies]\n"}, "../pyproject.toml"),
        ({"pyproject.toml": "[tool.cloudmart-policies]\n", NAME: ""}, f"../{NAME}"),
        ({NAME: "", f"below/{NAME}": ""}, NAME),
        ({f"../{NAME}": ""}, None),
        ({"pyproject.toml": "# cloudmart-policies\n"}, None),
        ({"pyproject.toml": "]["}, None),
    ],
)
def test_it_is_found_from_here_to_the_top_of_the_repository(
    repository: Repository, files: dict[str, str], found: str | None
) -> None:
    repository.write({**files, "below/main.tf": TOPIC})
    repository.enter("below")
    _, report = repository.check(".")
    assert report.get("terms", {}).get("configuration") == found


def test_without_a_repository_only_the_working_folder_counts(repository: Repository) -> None:
    (repository.top / ".git").rmdir()
    repository.write({NAME: "", "below/main.tf": TOPIC})
    repository.enter("below")
    assert "terms" not in repository.check(".")[1]
    repository.enter("")
    assert "terms" in repository.check("below")[1]


def test_roots_are_judged_where_no_path_is_named(repository: Repository) -> None:
    repository.write(
        {
            NAME: 'roots = ["stacks/*", "other stack"]\n',
            "stacks/a/main.tf": TOPIC,
            "stacks/b/main.tf": TOPIC,
            "stacks/notes/README.md": "",
            "stacks/.hidden/main.tf": TOPIC,
            "other stack/main.tf": TOPIC,
            "elsewhere/main.tf": TOPIC,
        }
    )
    (repository.top / "stacks" / "link").symlink_to(repository.top / "elsewhere")
    files = ["stacks/a/main.tf", "stacks/b/main.tf", "other stack/main.tf"]
    assert [finding["file"] for finding in repository.check()[1]["findings"]] == files
    assert [finding["file"] for finding in repository.check("elsewhere")[1]["findings"]] == [
        "elsewhere/main.tf"
    ]
    repository.enter("stacks/notes")
    assert [finding["file"] for finding in repository.check()[1]["findings"]] == [
        "../../stacks/a/main.tf",
        "../../stacks/b/main.tf",
        "../../other stack/main.tf",
    ]


def test_what_is_excluded_is_not_judged_and_said(repository: Repository) -> None:
    repository.write(
        {
            NAME: 'roots = ["**"]\nexclude = ["**/examples", "b"]\n',
            "a/main.tf": TOPIC,
            "a/examples/one/main.tf": TOPIC,
            "b/main.tf": TOPIC,
            "c/b/main.tf": TOPIC,
            "examples/main.tf": TOPIC,
        }
    )
    _, report = repository.check()
    assert [finding["file"] for finding in report["findings"]] == ["a/main.tf", "c/b/main.tf"]
    assert f"excluded by {NAME}: **/examples, b" in report["notes"]
    # Who names it wants it, but for a hook, which names what a commit touches.
    assert [finding["file"] for finding in repository.check("b")[1]["findings"]] == ["b/main.tf"]
    assert folders(["b/main.tf", "a/main.tf"], repository.top, Deciders([])) == ["a"]
    repository.write({NAME: 'roots = ["b"]\nexclude = ["*"]\n'})
    assert f"{NAME}: all of its roots are excluded" in repository.check()[1]


def test_a_pattern_may_go_any_way_down(repository: Repository) -> None:
    repository.write({NAME: 'roots = ["**/live"]\n', "live/a.tf": TOPIC, "a/b/live/a.tf": TOPIC})
    files = [finding["file"] for finding in repository.check()[1]["findings"]]
    assert files == ["a/b/live/a.tf", "live/a.tf"]


def test_each_root_has_variables_parameters_and_waivers_of_its_own(repository: Repository) -> None:
    repository.write(
        {
            NAME: """\
                roots = ["stacks/*"]
                params.backups.retention_days = 3
                [[root]]
                path = "stacks/a"
                var-files = ["a.tfvars"]
                [[root]]
                path = "stacks/b"
                vars = { days = 5 }
                params.backups.retention_days = 6
                waivers = ["b.toml"]
                """,
            "a.tfvars": "days = 4\n",
            "b.toml": WAIVER.replace("CM_QUEUES_ENCRYPTED", "CM_RDS_BACKUP_RETENTION").replace(
                "aws_sns_topic.t", "aws_db_instance.main"
            ),
            **{f"stacks/{name}/main.tf": DATABASE for name in "abc"},
        }
    )

    def judged(*arguments: str) -> list[tuple[str, str]]:
        _, report = repository.check(*arguments)
        return [
            (finding["file"], finding["status"])
            for finding in report["findings"]
            if finding["rule"] == "CM_RDS_BACKUP_RETENTION"
        ]

    assert judged() == [
        ("stacks/a/main.tf", "pass"),
        ("stacks/b/main.tf", "waived"),
        ("stacks/c/main.tf", "fail"),
    ]
    assert judged("--var", "days=2") == [
        ("stacks/a/main.tf", "fail"),
        ("stacks/b/main.tf", "waived"),
        ("stacks/c/main.tf", "fail"),
    ]
    assert judged("stacks/a") == [("stacks/a/main.tf", "pass")]


def test_the_command_line_wins(repository: Repository) -> None:
    repository.write(
        {
            NAME: """\
                skip = ["CM_QUEUES_ENCRYPTED"]
                waivers = ["w.toml"]
                params = "p.toml"
                minimum-severity = "high"
                """,
            "w.toml": "",
            "p.toml": "[backups]\nretention_days = 1\n",
            "other.toml": "[backups]\nretention_days = 2\n",
            "main.tf": TOPIC + DATABASE,
        }
    )
    assert repository.statuses(".")["CM_RDS_BACKUP_RETENTION"] == "pass"
    assert "CM_QUEUES_ENCRYPTED" not in repository.statuses(".", "--severity", "low")
    assert "CM_QUEUES_ENCRYPTED" in repository.statuses(".", "--severity", "low", "--skip", "CM_TLS_*")
    assert repository.statuses(".", "--params", "other.toml")["CM_RDS_BACKUP_RETENTION"] == "fail"


def test_waivers_of_the_configuration_start_at_its_folder(repository: Repository) -> None:
    repository.write(
        {
            NAME: 'waivers = ["w.toml"]\n',
            "w.toml": f'{WAIVER}folder = "stacks/a"\nfile = "stacks/a/main.tf"\n',
            "stacks/a/main.tf": TOPIC,
        }
    )
    for here, path in (("", "stacks/a"), ("stacks", "a"), ("stacks/a", ".")):
        repository.enter(here)
        assert repository.check(path)[0] == 0
    assert repository.check(".", "--no-config")[0] == 1


def test_waivers_of_a_root_that_is_not_judged_are_left_alone(repository: Repository) -> None:
    """A hook, say, judges some of the roots, with the waivers of them all."""
    repository.write(
        {
            NAME: 'roots = ["a", "b"]\nwaivers = ["w.toml"]\n',
            "w.toml": WAIVER.replace('"aws_sns_topic.t"', '"aws_sns_topic.a"'),
            "a/main.tf": TOPIC.replace('"t"', '"a"'),
            "b/main.tf": TOPIC.replace("name", "kms_master_key_id"),
        }
    )
    assert [repository.check(*paths)[0] for paths in ([], ["a"], ["b"], ["a", "b"])] == [0, 0, 0, 0]
    repository.write({"a/main.tf": TOPIC.replace("name", "kms_master_key_id")})
    assert [repository.check(*paths)[0] for paths in ([], ["a"], ["b"], ["b", "a"])] == [1, 0, 0, 1]
    assert repository.check("b", "--waivers", "w.toml")[0] == 1


def test_waivers_of_a_root_that_cannot_be_judged_are_left_alone(repository: Repository) -> None:
    repository.write(
        {
            "w.toml": WAIVER + WAIVER + 'folder = "a"\n',
            "a/main.tf": "resource {",
            "b/main.tf": TOPIC.replace("name", "kms_master_key_id"),
        }
    )
    code, report = repository.check("a", "b", "--waivers", "w.toml")
    assert code == 2
    assert "CM_WAIVER" not in {finding["rule"] for finding in report["findings"]}


def test_another_severity_is_shown_and_said(repository: Repository) -> None:
    repository.write({NAME: '[severity]\nCM_QUEUES_ENCRYPTED = "critical"\n', "main.tf": TOPIC})
    _, report = repository.check(".")
    assert [finding["severity"] for finding in report["findings"]] == ["critical"]
    assert "severities changed: CM_QUEUES_ENCRYPTED is critical" in report["notes"]


def test_the_parameters_that_it_changes_are_said(repository: Repository) -> None:
    repository.write(
        {
            NAME: """\
                params.coverage.accepted_stores = ["aws_simpledb_domain"]
                [[root]]
                path = "a"
                params = "p.toml"
                """,
            "p.toml": "[backups]\nretention_days = 1\n",
            "a/main.tf": TOPIC,
        }
    )
    notes = repository.check("a")[1]["notes"]
    assert f'parameters of {NAME}: params: coverage.accepted_stores = ["aws_simpledb_domain"]' in notes
    assert "parameters of p.toml: backups.retention_days = 1" in notes


def test_a_configuration_can_be_named(repository: Repository) -> None:
    repository.write({"ci/gate.toml": 'skip = ["CM_QUEUES_ENCRYPTED"]\n', NAME: "", "main.tf": TOPIC})
    code, report = repository.check(".", "--config", "ci/gate.toml")
    assert (code, report["terms"]["configuration"]) == (0, "ci/gate.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('packs = "aws"', "packs: there is no such key; did you mean 'pack'?"),
        ('pack = "awz"', "pack: there is no 'awz'; did you mean 'aws'?"),
        ("pack = 1", "pack: there is no 1"),
        ('only = "CM_X"', "only: 'CM_X' is not a list"),
        ("only = [1]", "only[1]: 1 is not a text"),
        ("only = ['']", "only[1]: it is empty"),
        ("skip = ['CM_X']", f"{NAME}: skip: there is no rule 'CM_X'"),
        ("severity.CM_X = 'low'", f"{NAME}: severity: there is no rule 'CM_X'"),
        ("exact = 'yes'", "exact: 'yes' is not 'try' or true or false"),
        ("severity = 'high'", "severity: 'high' is not a table"),
        ("severity.CM_QUEUES_ENCRYPTED = 'grave'", "severity.CM_QUEUES_ENCRYPTED: there is no 'grave'"),
        ("minimum-severity = 'grave'", "minimum-severity: there is no 'grave'"),
        ("forbid-comments = 'no'", "forbid-comments: 'no' is not true or false"),
        ("[[root]]\nvars = {}", "root[1]: it has no 'path'"),
        ("[[root]]\npath = 'stack'\nvar-file = []", "root[1].var-file: there is no such key; did you mean"),
        ("[[root]]\npath = 'stack'\nvar-files = ['x']", "root[1].var-files[1]: there is no 'x' in "),
        (
            "[[root]]\npath = 'stack'\n[[root]]\npath = './stack/'",
            "root[2].path: './stack/' is there already",
        ),
        ("root = {}", "root: {} is not a list"),
        ("[[root]]\npath = 'stack'\nparams.waivers.longest_days = 9", "root[1].params: waivers.longest_days"),
        ("roots = ['nothing']", "roots[1]: there is no 'nothing' in "),
        ("roots = ['nothing/*']", "roots[1]: no folder with Terraform configuration is like 'nothing/*'"),
        ("params = 'p.toml'", "params: there is no 'p.toml' in "),
        ("params = true", "params: True is not a text or a table"),
        ("params.backups.days = 1", "params.backups.days: there is no such key"),
        (
            "params.backups.retention_days = 99",
            "backups.retention_days: 99: AWS keeps backups for 1 to 35 days",
        ),
        ("waivers = ['/etc/hostname']", "waivers[1]: '/etc/hostname' leads out of the folder"),
        ("waivers = ['../w.toml']", "waivers[1]: '../w.toml' leads out of the folder"),
        ("waivers = ['link.toml']", "waivers[1]: 'link.toml' leads out of the folder"),
        ("waivers = ['.git/config']", "waivers[1]: '.git/config' leads out of the folder"),
        ('waivers = ["a\\u0000b"]', "waivers[1]: 'a\\x00b' is no path"),
        ("roots = ['../*']", "roots[1]: '../*' leads out of the folder"),
        ("baseline = '../b.json'", "baseline: '../b.json' leads out of the folder"),
        ("rules = ['.']", "rules: rules of one's own are code"),
        ("x = ", "it is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_cure(repository: Repository, text: str, words: str) -> None:
    repository.write({NAME: text, "stack/main.tf": TOPIC, "../w.toml": ""})
    (repository.top / "link.toml").symlink_to(repository.top.parent / "w.toml")
    code, said = repository.check("stack")
    assert code == 2
    assert words in said
    assert "Traceback" not in said
    assert NAME in said


def test_all_that_is_wrong_is_said_at_once(repository: Repository) -> None:
    repository.write({NAME: 'pack = "x"\ncolour = 1\nskip = 7\n', "main.tf": TOPIC})
    said = repository.check(".")[1]
    assert [said.count(f"{NAME}: {key}: ") for key in ("pack", "colour", "skip")] == [1, 1, 1]


def test_nothing_to_judge_is_a_mistake(repository: Repository) -> None:
    assert "there is no configuration with roots" in repository.check()[1]
    repository.write({NAME: ""})
    assert f"{NAME} names no roots" in repository.check()[1]


def test_a_link_that_nobody_named_is_no_configuration(repository: Repository) -> None:
    repository.write({"main.tf": TOPIC, "../elsewhere.toml": ""})
    (repository.top / NAME).symlink_to(repository.top.parent / "elsewhere.toml")
    code, said = repository.check(".")
    assert code == 2
    assert "name it with --config" in said


def test_a_project_that_says_nothing_to_the_gate_stands_in_nobodys_way(repository: Repository) -> None:
    repository.write({"main.tf": TOPIC, "../elsewhere.toml": "[tool.cloudmart-policies]\n"})
    project = repository.top / "pyproject.toml"
    project.symlink_to(repository.top.parent / "elsewhere.toml")
    assert "terms" not in repository.check(".")[1]
    project.unlink()
    project.write_bytes(b"\xff")
    assert "terms" not in repository.check(".")[1]
    project.unlink()
    project.mkdir()
    assert "terms" not in repository.check(".")[1]
    project.rmdir()
    project.write_text("[tool]\ncloudmart-policies = 1\n")
    assert "tool.cloudmart-policies is a table" in repository.check(".")[1]
