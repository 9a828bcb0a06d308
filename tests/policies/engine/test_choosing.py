"""Which rules run, and that nothing is left out without a word."""

from __future__ import annotations

import pytest

from cloudmart_support.problem import Problem
from policies.engine import catalogue
from policies.engine.choosing import Choice, Wish, choose
from policies.engine.judging import OWN_RULES, WAIVER
from policies.engine.verdicts import CLOUDMART, PACKS

CATALOGUE = catalogue.load()
HOUSE = {
    "CM_ALB_SPANS_AZS",
    "CM_ASG_SPANS_AZS",
    "CM_CACHE_MULTI_AZ",
    "CM_CREATED_IN_ORDER",
    "CM_DECLARED_FLOWS_ONLY",
    "CM_NAT_IN_SAME_AZ",
    "CM_RDS_BACKUP_WINDOW",
    "CM_RDS_MULTI_AZ",
    "CM_RDS_WINDOWS_DISJOINT",
    "CM_SECRET_CLOSURE",
    "CM_SUBNETS_SPAN_AZS",
    "CM_SURVIVES_AZ_LOSS",
}
EVERYBODYS = {
    "CM_ALB_LISTENER_ENCRYPTED",
    "CM_BACKUP_VAULT_ENCRYPTED",
    "CM_CACHE_ENCRYPTED_AT_REST",
    "CM_CACHE_ENCRYPTED_IN_TRANSIT",
    "CM_CACHE_SNAPSHOTS",
    "CM_CDN_HTTPS_ONLY",
    "CM_DB_INGRESS_CLOSED",
    "CM_DB_SNAPSHOT_NOT_SHARED",
    "CM_DB_SUBNETS_PRIVATE",
    "CM_EBS_ENCRYPTED",
    "CM_EBS_IN_BACKUP_PLAN",
    "CM_FILES_ENCRYPTED",
    "CM_LOGS_ENCRYPTED",
    "CM_NO_PLAINTEXT_SECRETS",
    "CM_OTHER_STORES_ENCRYPTED",
    "CM_QUEUES_ENCRYPTED",
    "CM_RDS_BACKUPS_SURVIVE",
    "CM_RDS_BACKUP_RETENTION",
    "CM_RDS_FORCE_SSL",
    "CM_RDS_NOT_PUBLIC",
    "CM_RDS_STORAGE_ENCRYPTED",
    "CM_S3_DENIES_PLAIN_HTTP",
    "CM_S3_ENCRYPTED",
    "CM_STORES_REQUIRE_TLS",
    "CM_TLS_POLICY_CURRENT",
    "CM_TLS_VERIFIED",
}


def chosen(**wish: object) -> Choice:
    return choose(CATALOGUE, Wish(**wish))  # type: ignore[arg-type]


def ids(choice: Choice) -> set[str]:
    return {entry.id for entry in choice.rules}


def test_the_packs_hold_these_rules_and_no_other() -> None:
    assert {name: ids(chosen(pack=name)) for name in PACKS} == {
        "cloudmart": HOUSE | EVERYBODYS,
        "aws": EVERYBODYS,
    }


def test_nothing_is_left_out_unless_it_is_asked_for() -> None:
    choice = choose(CATALOGUE, Wish())
    assert (choice.rules, choice.left_out, choice.silent) == (CATALOGUE, (), frozenset())
    assert Wish().pack == CLOUDMART


@pytest.mark.parametrize(
    "wish",
    [
        {"pack": "aws"},
        {"pack": "aws", "skip": ("CM_RDS_*",), "minimum": "high"},
        {"only": ("CM_RDS_MULTI_AZ", "CM_STORE_KNOWN")},
        {"minimum": "critical"},
        {"skip": ("CM_STORE_KNOWN", "CM_TLS_VERIFIED")},
        {"severities": {"CM_RDS_NOT_PUBLIC": "low"}, "minimum": "medium"},
    ],
)
def test_a_rule_runs_or_is_said_once_to_be_left_out(wish: dict[str, object]) -> None:
    choice = chosen(**wish)
    told = [id for one in choice.left_out for id in one.rules]
    assert len(told) == len(set(told))
    assert ids(choice) | {id for id in told if id not in OWN_RULES} == HOUSE | EVERYBODYS
    assert not ids(choice) & set(told)
    assert choice.silent == set(told) & set(OWN_RULES)


def test_only_names_rules_of_any_pack_and_hears_what_was_not_seen() -> None:
    choice = chosen(pack="aws", only=("CM_RDS_MULTI_AZ",))
    assert ids(choice) == {"CM_RDS_MULTI_AZ"}
    assert choice.silent == {"CM_STORE_KNOWN", "CM_PROVIDER_KNOWN"}


def test_a_pattern_does_not_reach_beyond_the_pack() -> None:
    assert "CM_RDS_MULTI_AZ" not in ids(chosen(pack="aws", only=("CM_RDS_*",)))


def test_another_severity_counts_for_the_least_severity() -> None:
    low = chosen(severities={"CM_RDS_NOT_PUBLIC": "low"})
    (entry,) = (entry for entry in low.rules if entry.id == "CM_RDS_NOT_PUBLIC")
    assert entry.rule.severity == "low"
    assert "CM_RDS_NOT_PUBLIC" in ids(chosen(minimum="critical"))
    assert "CM_RDS_NOT_PUBLIC" not in ids(chosen(severities={"CM_RDS_NOT_PUBLIC": "low"}, minimum="critical"))


def test_broken_waivers_are_heard_whatever_is_skipped() -> None:
    choice = chosen(skip=("CM_W*", "CM_TLS_VERIFIED"))
    assert WAIVER not in choice.silent
    with pytest.raises(Problem, match="CM_WAIVER cannot be left out"):
        chosen(skip=(WAIVER,))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"pack": "awz"}, "there is no pack 'awz'; did you mean 'aws'"),
        (
            {"skip": ("CM_RDS_MULTI",)},
            "skip: there is no rule 'CM_RDS_MULTI'; did you mean 'CM_RDS_MULTI_AZ'",
        ),
        ({"only": ("cm_rds_multi_az",)}, "only: there is no rule 'cm_rds_multi_az'; did you mean 'CM_RDS_MU"),
        ({"only": ("CM_X_*",)}, "only: there is no rule 'CM_X_*'"),
        ({"only": ("[",)}, "only: there is no rule '['"),
        ({"skip": ("*",)}, "every rule is left out"),
        ({"minimum": "grave"}, "there is no severity 'grave'"),
        (
            {"severities": {"CM_RDS_MULTI_AZ": "hig"}},
            "CM_RDS_MULTI_AZ: there is no severity 'hig'; did you mean",
        ),
        ({"severities": {"CM_RDS_MULTI": "high"}}, "severity: there is no rule 'CM_RDS_MULTI'; did you mean"),
        ({"severities": {"CM_STORE_KNOWN": "low"}}, "the gate's own rules keep their severity"),
    ],
)
def test_what_there_is_not_is_refused(wish: dict[str, object], words: str) -> None:
    with pytest.raises(Problem) as problem:
        chosen(**wish)
    assert words in str(problem.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Problem) as problem:
        chosen(pack="x", only=("y",), skip=("z",), minimum="w")
    assert len(str(problem.value).splitlines()) == 4
