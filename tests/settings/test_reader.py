"""Settings that cannot be used: each named with its key path, its value, and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.helpers import AVAILABILITY_ZONES
from hypothesis import given
from hypothesis import strategies as st
from stacks import ENVIRONMENTS, ROOT, settings_values

import settings
from cloudmart_support.problem import Problem
from settings import schema
from settings.model import REGIONS
from settings.reader import parse

CERTIFICATE = "certificate/00000000-0000-0000-0000-000000000001"
CASES: list[tuple[dict[str, Any], list[str]]] = yaml.safe_load(
    Path(__file__).with_name("bad_settings.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_bad_settings(case: dict[str, Any]) -> None:
    values = settings_values("prod", case["change"])
    for key in case.get("without", []):
        *sections, last = key.split(".")
        inner = values
        for section in sections:
            inner = inner[section]
        del inner[last]
    found, complaints = parse(values)
    told = [f"{'.'.join(map(str, complaint.key))}: {complaint.words}" for complaint in complaints]
    assert found is None
    assert told == case["errors"]


def test_there_are_enough_bad_settings() -> None:
    assert len(CASES) >= 40


def test_all_errors_at_once_each_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "prod.yaml"
    file.write_text(
        "environment: prod\n"
        "regionn: x\n"
        "domain: {name: shop.example.com}\n"
        "backend: {image: x:latest, min: 5}\n"
        "database:\n"
        "  backup_window: 3-4\n"
        "cache:\n"
        "  engine_version: 7.0\n"
        "  replicas: 0\n",
        encoding="utf-8",
    )
    with pytest.raises(Problem) as told:
        settings.read(file)
    assert str(told.value).splitlines() == [
        f"{file}: 8 settings cannot be used",
        "  line 2: regionn: there is no such setting; did you mean region?",
        "  line 3: domain.certificate_arn: not set; allowed: a certificate for the load balancer, or "
        "domain.hosted_zone_id so that one is made there",
        "  line 3: domain.cdn_certificate_arn: not set; allowed: a certificate for CloudFront, or "
        "domain.hosted_zone_id so that one is made there",
        "  line 4: backend.image: 'x:latest'; allowed: a container image with a tag other than latest, or a digest",
        "  line 4: backend.desired: 2; allowed: from backend.min to backend.max, 5 to 10",
        "  line 6: database.backup_window: '3-4'; allowed: a daily window hh:mm-hh:mm, as in 03:00-04:00",
        '  line 8: cache.engine_version: 7.0; allowed: text; a number goes in quotes, as in "7.0"',
        "  line 9: cache.replicas: 0; allowed: 1 or more, since cache.multi_az is true",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("network: [", "line 1: this is not YAML that can be read"),
        ("environment: prod\nenvironment: dev\n", "line 2: environment: stands twice"),
        ("a\0b", "this is not YAML that can be read"),
        ("- 1\n", "a section of key: value pairs"),
        ("", "environment: not set, and has no default"),
        ("environment: staging\n", "environment: 'staging'; allowed: prod, the name of the file"),
        ("x: !!python/object/apply:os.system [ls]\n", "this is not YAML that can be read"),
        ("a: &a [*a]\n", "this is not YAML that can be read"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "prod.yaml"
    if text.startswith("environment: staging"):
        text = yaml.safe_dump({**settings_values("prod"), "environment": "staging"})
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Problem) as told:
        settings.read(file)
    assert message in str(told.value)


def test_a_missing_file_names_those_that_exist() -> None:
    with pytest.raises(Problem) as told:
        settings.read(ENVIRONMENTS / "production.yaml")
    assert "name one of dev, prod (ENV=…), or write it" in str(told.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prod.yaml"
    file.write_bytes("owner: größe".encode("utf-16"))
    with pytest.raises(Problem, match="cannot be read"):
        settings.read(file)


def test_yaml_1_1_scalars_do_not_surprise(tmp_path: Path) -> None:
    file = tmp_path / "prod.yaml"
    file.write_text(
        yaml.safe_dump(settings_values("prod", {"backup": None})).replace(
            "backup: null", "backup: {time: 13:00}"
        ),
        encoding="utf-8",
    )
    assert settings.read(file).backup.time == "13:00"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_any_values_are_told_and_never_crash(values: Any) -> None:
    found, complaints = parse(values)
    assert found is None
    assert complaints


@given(
    st.sampled_from(
        ["region", "timezone", "network", "database", "cache", "backend", "domain", "state", "tags", "owner"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    ),
)
def test_any_value_in_any_section_never_crashes(key: str, value: Any) -> None:
    found, complaints = parse({**settings_values("prod"), key: value})
    assert (found is None) == bool(complaints)


@pytest.mark.parametrize("path", sorted(schema.files()))
def test_the_schema_for_editors_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == schema.files()[path], "run `make schema`"


def test_every_setting_is_described() -> None:
    def fields(model: Any, at: str) -> list[str]:
        bare = []
        for name, field in model.model_fields.items():
            if not field.description:
                bare.append(f"{at}{name}")
            if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields"):
                bare += fields(field.annotation, f"{at}{name}.")
        return bare

    assert fields(settings.Settings, "") + fields(settings.StateSettings, "") == []


def test_the_regions_are_those_that_aws_has() -> None:
    commercial = {
        region: "".join(zone.removeprefix(region) for zone in zones)
        for region, zones in AVAILABILITY_ZONES.items()
        if not region.startswith(("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"))
    }
    assert commercial == REGIONS


def test_environment_files_point_editors_to_the_schema() -> None:
    for file in ENVIRONMENTS.glob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        target = first.removeprefix("# yaml-language-server: $schema=")
        assert (ENVIRONMENTS / target).is_file(), first
