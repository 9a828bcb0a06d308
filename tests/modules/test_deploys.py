"""What a deploy, a start and a restart rest on, and what the bundle's one variable reaches."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from stacks import ROOT, settings_values

from settings import contract, limits
from settings.model import Settings
from settings.reader import parse
from tests.mock_provider.conftest import Project

Stack = Callable[[str], dict[str, Any]]


def files(configuration: dict[str, Any]) -> dict[str, str]:
    """The files that an instance is given, by path."""
    document = yaml.safe_load(configuration["locals"]["backend_user_data"])
    return {file["path"]: file["content"] for file in document["write_files"]}


def read(environment: str, changes: dict[str, Any] | None = None) -> Settings:
    found, complaints = parse(settings_values(environment, changes))
    assert found is not None, complaints
    return found


def test_the_machine_image_is_looked_up_once_and_kept(stack: Stack) -> None:
    configuration = stack("prod")
    kept = configuration["resource"]["terraform_data"]["backend_ami"]
    assert configuration["resource"]["aws_launch_template"]["backend"]["image_id"] == (
        "${terraform_data.backend_ami.output}"
    )
    assert kept["input"] == "${data.aws_ssm_parameter.backend_ami.insecure_value}"
    assert kept["lifecycle"] == {"ignore_changes": ["input"]}


def test_a_newer_image_of_aws_changes_no_plan_until_it_is_asked_for(stack: Stack, tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    text = json.dumps(stack("prod"))
    project.write(text, "cdk.tf.json")
    project.apply()
    before = project.values()["aws_launch_template.backend"]["image_id"]
    assert re.fullmatch("ami-[0-9a-f]+", before)
    # Another name of the parameter is another image, as a later day's would be.
    project.write(
        text.replace("al2023-ami-kernel-default-x86_64", "al2023-ami-kernel-6.12-x86_64"), "cdk.tf.json"
    )
    project.run("plan", "-detailed-exitcode")
    project.apply("-replace=terraform_data.backend_ami")
    assert project.values()["aws_launch_template.backend"]["image_id"] != before


def test_a_refresh_that_fails_is_not_rolled_back_to_itself(prod: dict[str, Any]) -> None:
    (preferences,) = (
        one["preferences"] for one in [prod["aws_autoscaling_group"]["backend"]["instance_refresh"]]
    )
    assert preferences["auto_rollback"] is False
    assert (preferences["min_healthy_percentage"], preferences["max_healthy_percentage"]) == (90, 150)


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_an_instance_is_judged_after_it_may_have_started_and_the_apply_waits_for_it(
    stack: Stack, environment: str
) -> None:
    resources = stack(environment)["resource"]
    group = resources["aws_autoscaling_group"]["backend"]
    health = resources["aws_lb_target_group"]["backend"]["health_check"]
    unit = files(stack(environment))["/etc/systemd/system/cloudmart-backend.service"]
    start = int(re.search(r"^TimeoutStartSec=(\d+)$", unit, re.M)[1])  # type: ignore[index]
    assert group["health_check_grace_period"] >= start + health["interval"] * health["healthy_threshold"]
    assert group["min_elb_capacity"] == group["min_size"]
    assert (
        int(group["wait_for_capacity_timeout"].removesuffix("m")) * 60 >= group["health_check_grace_period"]
    )


@pytest.mark.parametrize(
    ("present", "fetched"),
    [
        ((), ["curl", "docker image inspect", "docker pull"]),
        (("image",), ["curl", "docker image inspect"]),
        (("image", "bundle"), ["docker image inspect"]),
    ],
)
def test_a_start_fetches_what_is_missing_and_nothing_else(
    stack: Stack, tmp_path: Path, present: tuple[str, ...], fetched: list[str]
) -> None:
    """The script of the instance, run with stand-ins for curl and docker that note how they are called."""
    sh = shutil.which("sh")
    assert sh
    notes, bundle = tmp_path / "notes", tmp_path / "rds-ca.pem"
    notes.touch()
    inspect = 0 if "image" in present else 1
    for name, body in {
        "curl": f'echo curl >>{notes}; while [ "$1" != --output ]; do shift; done; echo pem >"$2"',
        "docker": f'echo "docker $1 $2" >>{notes}; [ "$1" != image ] || exit {inspect}',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    if "bundle" in present:
        bundle.write_text("pem")
    script = files(stack("prod"))["/usr/local/sbin/cloudmart-fetch"]
    script = script.replace(contract.CA_BUNDLE, str(bundle)).replace("${var.backend_image}", "image:1")
    done = subprocess.run(
        [sh], input=script, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    called = notes.read_text().splitlines()
    assert [line.replace(" --quiet", "").replace("pull image:1", "pull") for line in called] == fetched
    assert bundle.read_text()


def test_a_container_starts_without_its_log_service(stack: Stack) -> None:
    unit = files(stack("prod"))["/etc/systemd/system/cloudmart-backend.service"]
    assert "--log-opt mode=non-blocking" in unit
    assert "curl" not in unit
    assert "pull" not in unit


def test_the_hosts_own_log_is_collected_where_the_role_may_write(stack: Stack) -> None:
    configuration = stack("prod")
    agent = json.loads(files(configuration)["/etc/cloudmart/agent.json"])
    groups = {one["log_group_name"] for one in agent["logs"]["logs_collected"]["files"]["collect_list"]}
    assert groups == {"${aws_cloudwatch_log_group.backend_hosts.name}"}
    (write,) = (
        one
        for one in json.loads(configuration["resource"]["aws_iam_role_policy"]["backend"]["policy"])[
            "Statement"
        ]
        if one["Sid"] == "WriteLogs"
    )
    assert "${aws_cloudwatch_log_group.backend_hosts.arn}:*" in write["Resource"]


# --- the variable ---------------------------------------------------------------------------------------------

OTHER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop-api"


@pytest.fixture(scope="module")
def planned(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """What an apply with another image makes, by address."""
    folder = tmp_path_factory.mktemp("image")
    project = Project(folder / "stack", folder / "state", "wheel")
    project.write(json.dumps(stack("prod")), "cdk.tf.json")

    def values(image: str) -> dict[str, Any]:
        return project.apply(f"-var=backend_image={image}")

    return values


@pytest.mark.parametrize("version", [":2.0.1", "@sha256:" + 64 * "a"])
def test_all_that_hangs_on_the_image_follows_the_variable(
    planned: Callable[[str], dict[str, Any]], version: str
) -> None:
    made = planned(OTHER + version)
    policy = json.loads(made["aws_iam_role_policy.backend"]["policy"])["Statement"]
    (pull,) = (one["Resource"] for one in policy if one["Sid"] == "PullImage")
    assert pull == "arn:aws:ecr:eu-west-1:123456789012:repository/team/shop-api"
    told = base64.b64decode(made["aws_launch_template.backend"]["user_data"]).decode()
    document = {file["path"]: file["content"] for file in yaml.safe_load(told)["write_files"]}
    assert json.loads(document["/root/.docker/config.json"]) == {
        "credHelpers": {OTHER.partition("/")[0]: "ecr-login"}
    }
    assert f"docker pull --quiet {OTHER}{version}\n" in document["/usr/local/sbin/cloudmart-fetch"]
    for part in ("000000000000.dkr", "/cloudmart/backend:", "repository/cloudmart", ":1.0.0"):
        assert part not in told
        assert part not in json.dumps(policy)


@pytest.mark.parametrize(
    "image",
    [
        "docker.io/library/nginx:1.27",
        "public.ecr.aws/nginx/nginx:1.27",
        OTHER,
        OTHER + ":latest",
        OTHER.upper() + ":1",
        "1234.dkr.ecr.eu-west-1.amazonaws.com/a:1",
    ],
)
def test_an_image_that_instances_could_not_pull_is_refused(stack: Stack, tmp_path: Path, image: str) -> None:
    project = Project(tmp_path / "stack", tmp_path / "state", "wheel")
    project.write(json.dumps(stack("prod")), "cdk.tf.json")
    done = project.run("plan", "-no-color", f"-var=backend_image={image}", code=1)
    assert "The image" in done.stdout + done.stderr


# --- numbers that belong together -----------------------------------------------------------------------------


def test_pools_of_all_instances_fit_and_the_alarm_goes_off_before(stack: Stack) -> None:
    for environment in ("prod", "dev"):
        found = read(environment)
        resources = stack(environment)["resource"]
        parameters = {
            one["name"]: one["value"] for one in resources["aws_db_parameter_group"]["main"]["parameter"]
        }
        told = dict(
            line.split("=", 1)
            for line in files(stack(environment))["/etc/cloudmart/backend.env"].splitlines()
        )
        preferences = resources["aws_autoscaling_group"]["backend"]["instance_refresh"]["preferences"]
        most = -(-found.backend.max * preferences["max_healthy_percentage"] // 100)
        assert int(told["DATABASE_POOL_SIZE"]) * most < int(parameters["max_connections"]) - 5
        alarm = resources["aws_cloudwatch_metric_alarm"]["database_connections"]["threshold"]
        assert alarm < int(parameters["max_connections"]) - 5
        balancer = resources["aws_lb"]["main"]["idle_timeout"]
        assert int(told["KEEP_ALIVE_TIMEOUT_MS"]) > balancer * 1000


@pytest.mark.parametrize(
    ("instance_class", "connections", "pool"),
    [
        ("db.t3.micro", 81, 4),  # the usual report for the class
        ("db.t4g.small", 162, 10),  # 181 were measured
        ("db.r6g.large", 1297, 20),  # the course's is the most
        ("db.m7g.16xlarge", 5000, 20),
    ],
)
def test_connections_by_class(instance_class: str, connections: int, pool: int) -> None:
    found = read("prod", {"database": {"instance_class": instance_class}})
    assert limits.max_connections(found) == connections
    assert limits.pool_size(found) == pool


def test_every_variable_that_is_told_is_explained(stack: Stack) -> None:
    for variant in ("prod", "dev", "own_certificates", "everything"):
        told = files(stack(variant))["/etc/cloudmart/backend.env"]
        assert {line.partition("=")[0] for line in told.splitlines()} <= set(contract.MEANING)


def test_the_applications_own_role_needs_no_secret(tmp_path: Path) -> None:
    from synthesis import app

    found = read("prod", {"database": {"application_user": "shop"}})
    configuration = app.environment(found, tmp_path).configuration
    told = files(configuration)["/etc/cloudmart/backend.env"]
    assert "DATABASE_USER=shop\nDATABASE_AUTH=iam\n" in told
    assert "SECRET" not in told
    statements = json.loads(configuration["resource"]["aws_iam_role_policy"]["backend"]["policy"])[
        "Statement"
    ]
    by_id = {one["Sid"]: one for one in statements}
    assert by_id["ConnectToDatabase"]["Resource"] == (
        "arn:aws:rds-db:ap-northeast-2:${data.aws_caller_identity.current.account_id}:dbuser:"
        "${aws_db_instance.main.resource_id}/shop"
    )
    assert not {"ReadDatabaseSecret", "DecryptDatabaseSecret"} & by_id.keys()


# --- names of the examples --------------------------------------------------------------------------------------


def test_an_examples_name_ends_the_plan_of_a_real_account(stack: Stack) -> None:
    conditions = stack("prod")["resource"]["aws_vpc"]["main"]["lifecycle"]["precondition"]
    assert [one["condition"].partition(" ||")[0] for one in conditions] == [
        '${!startswith(var.backend_image, "000000000000.")',
        "${false",
        "${false",
    ]
    for one in conditions:
        assert one["condition"].endswith('|| data.aws_caller_identity.current.account_id == "000000000000"}')


def test_names_of_ones_own_have_no_condition(tmp_path: Path) -> None:
    from synthesis import app

    found = read(
        "prod",
        {
            "domain": {"name": "shop.cloudmart.kr", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"},
            "backend": {"image": OTHER + ":1"},
        },
    )
    vpc = app.environment(found, tmp_path).configuration["resource"]["aws_vpc"]["main"]
    assert vpc.get("lifecycle", {}).get("precondition", []) == []


def test_the_shell_of_an_instance_is_shell(stack: Stack) -> None:
    sh = shutil.which("sh")
    assert sh
    scripts = [text for path, text in files(stack("prod")).items() if path.startswith("/usr/local/sbin/")]
    assert len(scripts) == 2
    for text in scripts:
        assert subprocess.run([sh, "-n"], input=text.replace("${", "$x{"), text=True).returncode == 0
    assert (ROOT / "settings" / "limits.toml").is_file()
