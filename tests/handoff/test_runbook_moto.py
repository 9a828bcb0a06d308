"""Every `aws` command of the runbook, by the real AWS CLI, against moto's server on this machine.

What moto knows is accepted, and does what the runbook wants of it. What it does not know stands in
`unknown_to_moto.txt`, and no longer than that: a call that moto learns, and one that is gone, fails here.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.rds.models import rds_backends
from moto.server import ThreadedMotoServer
from runbook_cli import Cli
from runbook_commands import PAGE, STACKS, named, page, rows, unknown
from runbook_life import OPENING, commands
from runbook_machine import CREDENTIALS, TOLERATED
from runbook_terminal import Terminal

from handoff import runbook

REGION = "ap-northeast-2"
# A command that only asks needs no other sign than its answer.
ASKS = re.compile(r"^\S+ (describe|list|get|head|wait|filter|ls)\b")


class Account:
    """A dozen resources of the stack in moto, by the names that the runbook has for them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.outputs: dict[str, str] = {}
        self.words: dict[str, str] = {}
        self._seed()

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="of-nobody",
            aws_secret_access_key="of-nobody",
        )

    def _seed(self) -> None:
        ec2, rds, s3 = self.client("ec2"), self.client("rds"), self.client("s3")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = []
        for number, zone in enumerate("ac"):
            made = ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            ec2.create_tags(Resources=[made], Tags=[{"Key": "Tier", "Value": "private"}])
            subnets.append(made)
        ec2.create_security_group(GroupName="cloudmart-prod-database", Description="database", VpcId=vpc)
        kms = self.client("kms")
        key, ours = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
        kms.create_alias(AliasName="alias/cloudmart-prod/database", TargetKeyId=key)
        rds.create_db_subnet_group(
            DBSubnetGroupName="cloudmart-prod", DBSubnetGroupDescription="d", SubnetIds=subnets
        )
        rds.create_db_parameter_group(
            DBParameterGroupName="cloudmart-prod-postgres15",
            DBParameterGroupFamily="postgres15",
            Description="d",
        )
        rds.create_db_instance(
            DBInstanceIdentifier="cloudmart-db",
            Engine="postgres",
            DBInstanceClass="db.t3.micro",
            AllocatedStorage=20,
            MasterUsername="cloudmart_user",
            ManageMasterUserPassword=True,
            MultiAZ=True,
            StorageEncrypted=True,
            DBSubnetGroupName="cloudmart-prod",
            DBParameterGroupName="cloudmart-prod-postgres15",
            DeletionProtection=True,
        )
        rds.create_db_snapshot(
            DBInstanceIdentifier="cloudmart-db", DBSnapshotIdentifier="cloudmart-db-final-1"
        )
        image = ec2.describe_images()["Images"][0]["ImageId"]
        template = ec2.create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.small"}
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="cloudmart-prod-backend",
            LaunchTemplate={"LaunchTemplateId": template},
            MinSize=2,
            MaxSize=10,
            VPCZoneIdentifier=",".join(subnets),
        )
        self.client("elasticache").create_replication_group(
            ReplicationGroupId="cloudmart-prod",
            ReplicationGroupDescription="c",
            NumCacheClusters=2,
            AutomaticFailoverEnabled=True,
        )
        for bucket in ("frontend", "logs"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            for _ in range(2):
                s3.put_object(Bucket=bucket, Key="a file of then.txt", Body=b"")
        elb = self.client("elbv2").create_target_group(Name="backend", Protocol="HTTP", Port=8080, VpcId=vpc)
        topic = self.client("sns").create_topic(Name="alarms")["TopicArn"]
        self.client("cloudwatch").put_metric_alarm(
            AlarmName="cloudmart-prod-alb-5xx",
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=1,
            Statistic="Sum",
        )
        for name in ("backend", "backend-hosts"):
            self.client("logs").create_log_group(logGroupName=f"/cloudmart-prod/{name}")
        self.client("logs", "us-east-1").create_log_group(logGroupName="aws-waf-logs-cloudmart-prod-cdn")
        distribution = self.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Comment": "",
                "Enabled": True,
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "s3",
                            "DomainName": "f.s3.amazonaws.com",
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                },
                "DefaultCacheBehavior": {"TargetOriginId": "s3", "ViewerProtocolPolicy": "https-only"},
            }
        )["Distribution"]["Id"]
        zone = self.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
        experiment = self.client("fis").create_experiment_template(
            clientToken="1",
            description="d",
            stopConditions=[{"source": "none"}],
            targets={"a": {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL"}},
            actions={"b": {"actionId": "aws:fis:wait"}},
            roleArn="arn:aws:iam::123456789012:role/drills",
        )["experimentTemplate"]["id"]
        self.client("iam").create_role(RoleName="cloudmart-prod-backend", AssumeRolePolicyDocument="{}")
        self.client("backup").create_backup_vault(BackupVaultName="cloudmart-prod")
        acl = self.client("wafv2", "us-east-1").create_web_acl(
            Name="cdn",
            Scope="CLOUDFRONT",
            DefaultAction={"Allow": {}},
            VisibilityConfig={
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": "m",
            },
            Rules=[],
        )["Summary"]["ARN"]
        self.outputs = {
            "vpc_id": vpc,
            "frontend_bucket": "frontend",
            "logs_bucket": "logs",
            "target_group_arn": elb["TargetGroups"][0]["TargetGroupArn"],
            "alarms_topic_arn": topic,
            "distribution_id": distribution,
            "az_loss_experiment_id": experiment,
        }
        self.words = {
            "STATE_BUCKET": "states",
            "SNAPSHOT": "cloudmart-db-final-1",
            "2026-01-31T03:15:00Z": "2026-01-31T03:15:00Z",
            "MINOR_VERSION": "15.13",
            "NEWER_VERSION": "7.1",
            "KEY_THAT_STAYS": ours,
            "WEB_ACL_ARN": acl,
            "DIST": "../../dist",
            "SOURCE": ".",
            "NEW_TAG": "2",
            "EARLIER_TAG": "1",
            "EARLIER": "EARLIER",
            "LOCK_ID": "1",
            "Z0000000000EXAMPLE00": zone["HostedZone"]["Id"].rpartition("/")[2],
        }


def database(account: Account, name: str) -> Any:
    return account.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def output(account: Account, name: str) -> str:
    """As `terraform output -raw` shows it; the secret is the one of the database of that name now."""
    if name == "database_secret_arn":
        return str(database(account, "cloudmart-db")["MasterUserSecret"]["SecretArn"])
    return account.outputs[name]


def keys(account: Account, bucket: str) -> set[str]:
    found = account.client("s3").list_objects_v2(Bucket=bucket.removeprefix("s3://").partition("/")[0])
    return {one["Key"] for one in found.get("Contents", [])}


def group(account: Account) -> Any:
    return account.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]


def snapshots(account: Account) -> set[str]:
    found = account.client("rds").describe_db_snapshots()["DBSnapshots"]
    return {one["DBSnapshotIdentifier"] for one in found}


def policies(account: Account) -> list[str]:
    found: list[str] = account.client("iam").list_role_policies(RoleName="cloudmart-prod-backend")[
        "PolicyNames"
    ]
    return found


def modified(account: Account, said: dict[str, str]) -> bool:
    if new := said.get("new-db-instance-identifier"):
        return bool(database(account, new))
    found = database(account, said["db-instance-identifier"])
    return "no-deletion-protection" not in said or found["DeletionProtection"] is False


# What a command that changes something has changed: its name, and a question.
EFFECTS: dict[str, Any] = {
    "iam put-role-policy": lambda account, said: "restore" in policies(account),
    "iam delete-role-policy": lambda account, said: "restore" not in policies(account),
    "s3api create-bucket": lambda account, said: account.client("s3").head_bucket(Bucket=said["bucket"]),
    "s3api put-bucket-versioning": lambda account, said: (
        account.client("s3").get_bucket_versioning(Bucket=said["bucket"])["Status"] == "Enabled"
    ),
    "s3api put-public-access-block": lambda account, said: all(
        account.client("s3")
        .get_public_access_block(Bucket=said["bucket"])["PublicAccessBlockConfiguration"]
        .values()
    ),
    "s3api put-bucket-encryption": lambda account, said: account.client("s3").get_bucket_encryption(
        Bucket=said["bucket"]
    )["ServerSideEncryptionConfiguration"]["Rules"][0]["BucketKeyEnabled"],
    "ecr create-repository": lambda account, said: (
        account.client("ecr").describe_repositories()["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    ),
    "sns subscribe": lambda account, said: account.client("sns").list_subscriptions()["Subscriptions"],
    "cloudwatch set-alarm-state": lambda account, said: (
        account.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
    ),
    "autoscaling set-desired-capacity": lambda account, said: (
        str(group(account)["DesiredCapacity"]) == said["desired-capacity"]
    ),
    "autoscaling suspend-processes": lambda account, said: len(group(account)["SuspendedProcesses"]) == 4,
    "autoscaling resume-processes": lambda account, said: not group(account)["SuspendedProcesses"],
    "autoscaling update-auto-scaling-group": lambda account, said: (
        group(account)["VPCZoneIdentifier"] == said["vpc-zone-identifier"]
    ),
    "cloudfront create-invalidation": lambda account, said: account.client("cloudfront").list_invalidations(
        DistributionId=said["distribution-id"]
    )["InvalidationList"]["Quantity"],
    "ec2 terminate-instances": lambda account, said: (
        account.client("ec2").describe_instances(InstanceIds=[said["instance-ids"]])["Reservations"][0][
            "Instances"
        ][0]["State"]["Name"]
        == "terminated"
    ),
    "rds create-db-snapshot": lambda account, said: said["db-snapshot-identifier"] in snapshots(account),
    "rds copy-db-snapshot": lambda account, said: said["target-db-snapshot-identifier"] in snapshots(account),
    "rds modify-db-instance": modified,
    "rds restore-db-instance-from-db-snapshot": lambda account, said: database(
        account, said["db-instance-identifier"]
    )["MultiAZ"],
    "rds restore-db-instance-to-point-in-time": lambda account, said: database(
        account, said["target-db-instance-identifier"]
    ),
    "rds delete-db-instance": lambda account, said: (
        said["final-db-snapshot-identifier"] in snapshots(account)
    ),
    "rds reboot-db-instance": lambda account, said: database(account, said["db-instance-identifier"]),
    "elasticache modify-replication-group": lambda account, said: account.client(
        "elasticache"
    ).describe_replication_groups(ReplicationGroupId=said["replication-group-id"])["ReplicationGroups"],
    "elasticache create-snapshot": lambda account, said: account.client("elasticache").describe_snapshots(
        SnapshotName=said["snapshot-name"]
    )["Snapshots"],
    "iam create-service-linked-role": lambda account, said: (
        said["aws-service-name"] in json.dumps(account.client("iam").list_roles()["Roles"], default=str)
    ),
    "ssm send-command": lambda account, said: (
        "DATABASE_SECRET_ARN"
        in account.client("ssm").list_commands()["Commands"][0]["Parameters"]["commands"][0]
    ),
    "logs start-query": lambda account, said: account.client(
        "logs", said.get("region", REGION)
    ).describe_queries(logGroupName=said["log-group-name"])["queries"],
    "fis start-experiment": lambda account, said: account.client("fis").list_experiments()["experiments"],
    "fis stop-experiment": lambda account, said: (
        account.client("fis").get_experiment(id=said["id"])["experiment"]["state"]["status"]
        in ("stopping", "stopped")
    ),
    "s3 sync": lambda account, said: "app.0123abcd.js" in keys(account, "frontend"),
    "s3 cp": lambda account, said: "index.html" in keys(account, "frontend"),
    "s3 rm": lambda account, said: not keys(account, said["recursive"]),
    "s3api delete-object": lambda account, said: (
        said["version-id"]
        not in json.dumps(account.client("s3").list_object_versions(Bucket=said["bucket"]), default=str)
    ),
}


def options(argv: list[str]) -> dict[str, str]:
    """The options of a command, each with its first word."""
    return {
        word.removeprefix("--"): (
            argv[n + 1] if n + 1 < len(argv) and not argv[n + 1].startswith("--") else ""
        )
        for n, word in enumerate(argv)
        if word.startswith("--")
    }


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield Account(f"http://{host}:{port}")
    finally:
        server.stop()


def test_moto_takes_what_it_knows(account: Account, stack: Any, tmp_path: Path) -> None:
    cli = Cli(lambda *_: (500, {}), lambda seconds: None, lambda target: None)
    wrong: list[str] = []
    seen: set[str] = set()
    failed: dict[str, str] = {}

    def play(argv: list[str], cwd: Path, env: dict[str, str], stdin: str) -> tuple[int, str, str]:
        if argv[:3] == ["terraform", "output", "-raw"]:
            return 0, output(account, argv[3]), ""
        if argv[0] == "date":
            return 0, subprocess.check_output(["/bin/date", *argv[1:]], text=True), ""
        if argv[0] != "aws":
            return (1 if argv == ["sleep", "1"] else 0), "", ""
        name, said = named(argv[1:]), options(argv)
        seen.add(name)
        if name == "rds restore-db-instance-to-point-in-time":
            # Both restores are over within a minute here, and moto's automated snapshots are named by the minute.
            held = rds_backends["123456789012"][REGION].database_snapshots
            for one in [one for one in held if one.startswith("rds:")]:
                held.pop(one)
        told = {key: value for key, value in env.items() if key.startswith("AWS_")} | CREDENTIALS
        told |= {"AWS_ENDPOINT_URL": account.endpoint, "AWS_MAX_ATTEMPTS": "1"}
        code, out, err = cli.run(argv[1:], str(cwd), told)
        answered = re.search(r"error occurred \((\w+)\) when calling the (\w+)", err)
        if code and not (answered and (answered[2], answered[1]) in TOLERATED):
            failed[name] = f"{argv[1:]}: {err.strip()}"
        if not code and name in EFFECTS and not EFFECTS[name](account, said):
            wrong.append(f"without its effect: {argv[1:]}")
        if not code and name not in EFFECTS and not ASKS.match(name):
            wrong.append(f"its effect is not looked at: {name}")
        return code, out, err

    terminal = Terminal(tmp_path, play)
    sections = commands(runbook.runbook(stack("prod")))
    listed = "|".join(sorted(map(re.escape, account.words), key=len, reverse=True))
    word = re.compile(rf"(?<![\w${{-])({listed})(?![\w=])")
    try:
        for title, texts in sections.items():
            blocks = [*(sections[OPENING] if title != OPENING else []), *texts]
            said = [word.sub(lambda found: account.words[found[1]], text) for text in blocks]
            terminal.run(iter(said), len(said), through=True)
    finally:
        cli.close()
    assert wrong == []
    for name in failed.keys() - unknown().keys():
        wrong.append(f"moto refuses it, and unknown_to_moto.txt does not name it: {failed[name]}")
    told = unknown()
    learnt = [name for name in told if name in seen and name not in failed]
    wrong += [f"unknown_to_moto.txt names it, and moto takes it: {name}" for name in learnt]
    assert wrong == []
    listed_names = {
        row.name.removeprefix("aws ") for row in rows(stack("prod")) if row.name.startswith("aws ")
    }
    assert seen <= listed_names
    # What stands behind an answer that moto does not have is not reached.
    assert listed_names - seen <= told.keys() <= listed_names


def test_the_table_is_current(stack: Any) -> None:
    """`make docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page({name: stack(name) for name in STACKS})


def test_what_other_environments_run_is_tried_too(stack: Any) -> None:
    """The commands of each differ in names, not in kind, from those that ran."""
    ran = {row.name for row in rows(stack("prod"))}
    for name in STACKS:
        more = {row.name for row in rows(stack(name))} - ran
        assert more <= {"aws s3api get-bucket-versioning"}
