"""What is asked of the account before anything is made, against moto; what moto does not know, by botocore's Stubber.

moto knows neither SimulatePrincipalPolicy nor ListAvailableManagedRuleGroups, no quota but those of VPC, and no region
that is turned off: these answers are stubbed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.model import ServiceModel
from botocore.stub import Stubber
from stacks import VARIANTS

from cloudmart_support.problem import Problem
from pipeline.preflight import asking, questions
from pipeline.preflight.answers import MISS, OK, UNANSWERED, refused, summed_up
from pipeline.preflight.clients import Caller, Clients, caller
from pipeline.preflight.needs import Stack, placeholders

ACCOUNT, REGION = "123456789012", "ap-northeast-2"
ME = Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/somebody")
READING = re.compile(r"(Get|List|Describe|Simulate|Head)[A-Z]\w*")


@pytest.fixture
def clients(aws_answering, monkeypatch):
    """Clients of an account in which nothing is; whatever else than reading they are told to do fails the test."""
    import urllib.request

    urllib.request.urlopen(
        urllib.request.Request(f"{aws_answering}/moto-api/reset", method="POST"), timeout=20
    )
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_answering)
    session = boto3.session.Session(aws_access_key_id="none", aws_secret_access_key="none")
    asked = []

    def note(model, **_):
        asked.append(model.name)
        assert READING.fullmatch(model.name), f"{model.name} does not only read"

    session.events.register("before-call.*.*", note)
    made = Clients(session)
    made.asked = asked
    return made


@pytest.fixture
def seed(aws_answering):
    """A client that may write, to bring the account about."""

    def of(service, region=REGION):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=aws_answering,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )

    return of


SYNTHESIZED = {}


@pytest.fixture(autouse=True)
def _synthesized(stack):
    SYNTHESIZED.update(prod=stack("prod"))


def the_stack(**changed):
    """prod's stack with an image of the caller's account."""
    text = json.dumps(SYNTHESIZED["prod"]).replace("000000000000.dkr", f"{ACCOUNT}.dkr")
    return Stack(json.loads(text), ACCOUNT, **changed)


def asked(topic, clients, stack, who=ME):
    return questions.answers(topic, clients, stack, who)


def missed(answers):
    assert all(one.cure for one in answers if one.verdict == MISS), "a miss has its cure"
    return [f"{one.asked} {one.found} {one.cure}" for one in answers if one.verdict == MISS]


def stubbed(clients, service, region=REGION):
    """A stubber in the place of one service."""
    return Stubber(clients.of(service, region))


def test_an_empty_account_answers_and_nothing_but_reading_is_called(clients):
    stack = the_stack()
    found = [one for topic in questions.QUESTIONS for one in asked(topic, clients, stack)]
    assert len(set(clients.asked)) > 20
    assert not missed(asked("names", clients, stack))
    assert not [one for one in asked("names", clients, stack) if one.verdict == UNANSWERED]
    silent = {one.topic for one in found if one.verdict == UNANSWERED}
    # Of these moto does not know the call.
    assert silent <= {"service-roles", "firewall", "rights"}, [
        one for one in found if one.verdict == UNANSWERED
    ]


def test_an_image_of_another_account_is_told(clients):
    assert not missed(asked("account", clients, the_stack()))
    named = the_stack()
    named.configuration["provider"]["aws"][0]["allowed_account_ids"] = ["222222222222"]
    assert "is the environment (account in its settings)" in missed(asked("account", clients, named))[0]
    other = Caller("999999999999", "arn:aws:iam::999999999999:user/x")
    assert "it is of account 123456789012" in missed(asked("account", clients, the_stack(), other))[0]


def test_a_region_that_is_turned_off_is_told_with_the_command(clients):
    assert {one.verdict for one in asked("region", clients, the_stack())} == {OK}
    with stubbed(clients, "ec2", "us-east-1") as stub:
        for _ in range(2):
            stub.add_response("describe_regions", {"Regions": [{"OptInStatus": "not-opted-in"}]})
        told = missed(asked("region", clients, the_stack()))
    assert any("aws account enable-region --region-name ap-northeast-2" in one for one in told)


def simulated(stub, decisions, extra=None):
    rows = [
        {"EvalActionName": name, "EvalResourceName": "*", "EvalDecision": word, **(extra or {})}
        for name, word in decisions.items()
    ]
    stub.add_response("simulate_principal_policy", {"EvaluationResults": rows})


@pytest.mark.parametrize(("word", "verdict"), [("allowed", OK), ("implicitDeny", MISS)])
def test_a_service_linked_role_is_there_or_may_be_made(clients, seed, word, verdict):
    for service in set(questions.SERVICE_ROLES.values()) - {"rds"}:
        seed("iam").create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
    stack = the_stack()
    there = asked("service-roles", clients, stack)
    assert [one.verdict for one in there].count(OK) == 6
    assert [one.cure for one in there if one.verdict == UNANSWERED] == [
        "aws iam create-service-linked-role --aws-service-name rds.amazonaws.com"
    ]
    only = Stack(
        stack.configuration | {"resource": {"aws_db_instance": stack.of("aws_db_instance")}}, ACCOUNT
    )
    with stubbed(clients, "iam", "us-east-1") as stub:
        stub.add_response("list_roles", {"Roles": []})
        simulated(stub, {"iam:CreateServiceLinkedRole": word})
        (one,) = asked("service-roles", clients, only)
    assert one.verdict == verdict
    assert "aws iam create-service-linked-role --aws-service-name rds.amazonaws.com" in one.found + one.cure


def test_quotas_that_are_full_are_told_with_the_command(clients, seed):
    stack = the_stack()
    full = missed(asked("quotas", clients, stack))
    assert not [one for one in full if "Elastic IP" in one]
    ec2 = seed("ec2")
    for _ in range(4):
        ec2.allocate_address(Domain="vpc")
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    zone = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZone=f"{REGION}a")["Subnet"][
        "SubnetId"
    ]
    for _ in range(5):
        ec2.create_nat_gateway(SubnetId=zone, ConnectivityType="private")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, InstanceType="t3.small", MinCount=2, MaxCount=2)
    full = "\n".join(missed(asked("quotas", clients, stack)))
    for words in (
        "room for 2 Elastic IP addresses? 4 of 5 are used",
        "room for 1 VPCs?",
        f"NAT gateways of one availability zone, {REGION}a? 5 of 5 are used",
        "vCPUs of running on-demand instances",
        "--service-code ec2 --quota-code L-0263D0A3 --desired-value 6",
    ):
        assert words in full
    assert f"{REGION}b?" not in full
    # What stands is not needed again.
    standing = frozenset(
        f"{kind}.{name}" for kind, named in stack.configuration["resource"].items() for name in named
    )
    assert asked("quotas", clients, the_stack(standing=standing)) == []


def test_the_accounts_own_quota_comes_before_the_default(clients):
    stack = the_stack()
    with stubbed(clients, "service-quotas") as stub:
        stub.add_response("get_service_quota", {"Quota": {"Value": 1.0}})
        one = questions._fits(clients, stack, "eips", 2, 0)
    assert (one.verdict, one.found) == (MISS, "0 of 1 are used (the account's own)")


def zoned(zone, name="shop.example.com"):
    text = json.dumps(the_stack().configuration).replace("Z0000000000EXAMPLE00", zone)
    return Stack(json.loads(text.replace("shop.example.com", name)), ACCOUNT)


def test_the_hosted_zone_is_public_fits_and_is_free(clients, seed):
    route53 = seed("route53")
    vpc = seed("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    def made(name, **more):
        said = route53.create_hosted_zone(Name=name, CallerReference=name + str(more), **more)
        return said["HostedZone"]["Id"].rpartition("/")[2]

    public = made("example.com")
    private = made(
        "example.com", VPC={"VPCRegion": REGION, "VPCId": vpc}, HostedZoneConfig={"PrivateZone": True}
    )
    assert not missed(asked("domain", clients, zoned(public)))
    assert "the account has no such zone" in missed(asked("domain", clients, the_stack()))[0]
    assert "private zone" in missed(asked("domain", clients, zoned(private)))[0]
    # Another name that only ends like the zone's is not in it.
    assert "is not in it" in missed(asked("domain", clients, zoned(public, "shop.my-example.com")))[0]
    record = {"Name": "shop.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=public, ChangeBatch=change)
    (taken,) = missed(asked("domain", clients, zoned(public)))
    assert "is the record shop.example.com A free? it is there already" in taken


def certified(arn):
    stack = the_stack()
    stack.of("aws_lb_listener")["https"]["certificate_arn"] = arn
    return stack


def test_a_certificate_is_issued_here_and_for_the_name(clients, seed):
    def requested(name, region=REGION, **more):
        return seed("acm", region).request_certificate(DomainName=name, ValidationMethod="DNS", **more)[
            "CertificateArn"
        ]

    here, there = requested("*.example.com"), requested("shop.example.com", "us-east-1")
    assert (
        "it is in us-east-1, and has to be in ap-northeast-2"
        in missed(asked("certificates", clients, certified(there)))[0]
    )
    nowhere = here[:-3] + "000"
    assert "there is no such certificate" in missed(asked("certificates", clients, certified(nowhere)))[0]
    assert "PENDING_VALIDATION" in missed(asked("certificates", clients, certified(here)))[0]
    later = datetime.now(UTC) + timedelta(days=30)
    for said, word in (
        ({"DomainName": "*.example.com", "NotAfter": later}, ""),
        ({"DomainName": "example.com", "NotAfter": later}, "not for shop.example.com"),
        ({"DomainName": "*.shop.example.com", "NotAfter": later}, "not for shop.example.com"),
        ({"DomainName": "shop.example.com", "NotAfter": later - timedelta(days=60)}, "it was valid until"),
    ):
        with stubbed(clients, "acm") as stub:
            stub.add_response("describe_certificate", {"Certificate": {"Status": "ISSUED", **said}})
            told = missed(asked("certificates", clients, certified(here)))
        assert word in told[0] if word else not told


def test_the_image_is_in_its_repository(clients, seed):
    stack = the_stack()
    assert "there is no repository cloudmart/backend" in missed(asked("image", clients, stack))[0]
    seed("ecr").create_repository(repositoryName="cloudmart/backend")
    assert "the repository has no 1.0.0" in missed(asked("image", clients, stack))[0]
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []}
    seed("ecr").put_image(
        repositoryName="cloudmart/backend", imageManifest=json.dumps(manifest), imageTag="1.0.0"
    )
    assert [one.verdict for one in asked("image", clients, stack)] == [OK]


def remote(**more):
    configuration = dict(the_stack().configuration)
    body = {"bucket": "states", "key": "prod.tfstate", "region": REGION, "use_lockfile": True, **more}
    configuration["terraform"] = {**configuration["terraform"], "backend": {"s3": body}}
    return Stack(configuration, ACCOUNT)


def test_the_state_has_a_bucket_with_versions_and_no_lock(clients, seed):
    assert "make plan ENV=state" in missed(asked("state", clients, remote()))[0]
    s3 = seed("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    with stubbed(clients, "s3") as stub:
        stub.add_response("head_bucket", {})
        stub.add_response("get_bucket_versioning", {})
        stub.add_client_error("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError")
        stub.add_client_error("head_object", "404")
        told = "\n".join(missed(asked("state", clients, remote())))
    assert "it keeps no versions" in told
    assert "it does not encrypt" in told
    s3.put_bucket_versioning(Bucket="states", VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket="states", ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert [one.verdict for one in asked("state", clients, remote())] == [OK]
    s3.put_object(Bucket="states", Key="prod.tfstate.tflock", Body=b"{}")
    assert "it is locked" in missed(asked("state", clients, remote()))[0]
    # Whoever may not look cannot plan either.
    with stubbed(clients, "s3") as stub:
        stub.add_client_error("head_bucket", "403", "Forbidden")
        assert "it cannot be reached" in missed(asked("state", clients, remote()))[0]


def test_a_remote_state_says_what_stands(clients, seed, tmp_path):
    s3 = seed("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert asking._standing(clients, remote(), tmp_path) == frozenset()
    vpc = {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": [{}]}
    s3.put_object(Bucket="states", Key="prod.tfstate", Body=json.dumps({"resources": [vpc]}).encode())
    assert asking._standing(clients, remote(), tmp_path) == {"aws_vpc.main"}
    s3.put_object(Bucket="states", Key="prod.tfstate", Body=b"not a state")
    assert asking._standing(clients, remote(), tmp_path) is None


def test_names_that_are_taken_are_told(clients, seed):
    seed("logs").create_log_group(logGroupName="/cloudmart-prod/backend")
    seed("logs", "us-east-1").create_log_group(logGroupName="aws-waf-logs-cloudmart-prod-cdn")
    seed("s3").create_bucket(
        Bucket=f"cloudmart-prod-logs-{ACCOUNT}", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    seed("iam").create_role(RoleName="cloudmart-prod-backup", AssumeRolePolicyDocument="{}")
    seed("secretsmanager").create_secret(Name="cloudmart/key", SecretString="none")
    seed("secretsmanager").delete_secret(SecretId="cloudmart/key")
    rds = seed("rds")
    rds.create_db_instance(DBInstanceIdentifier="old", DBInstanceClass="db.t3.micro", Engine="postgres")
    rds.create_db_snapshot(DBInstanceIdentifier="old", DBSnapshotIdentifier="cloudmart-db-final")
    stack = the_stack()
    stack.configuration["resource"]["aws_secretsmanager_secret"] = {"key": {"name": "cloudmart/key"}}
    stack.of("aws_db_instance")["main"]["final_snapshot_identifier"] = "cloudmart-db-final"
    told = missed(asked("names", clients, stack))
    for words in (
        "the log group /cloudmart-prod/backend free?",
        "the log group aws-waf-logs-cloudmart-prod-cdn free?",
        f"the bucket cloudmart-prod-logs-{ACCOUNT} free?",
        "the role cloudmart-prod-backup free?",
        "the secret cloudmart/key free? it is pending deletion since",
        "the final snapshot cloudmart-db-final free?",
    ):
        assert [one for one in told if words in one], (words, told)
    assert len(told) == 6
    # What the state knows is ours; with a state that nobody could read, nothing is said of any name.
    ours = Stack(
        stack.configuration, ACCOUNT, frozenset({"aws_iam_role.backup", "aws_cloudwatch_log_group.backend"})
    )
    assert len(missed(asked("names", clients, ours))) == 4
    unread = asked("names", clients, Stack(stack.configuration, ACCOUNT, None))
    assert {one.verdict for one in unread} == {UNANSWERED}


def test_what_the_caller_may_not_do_is_named(clients):
    stack = the_stack()
    few = {"aws_eip": stack.of("aws_eip"), "aws_vpc": stack.of("aws_vpc")}
    small = Stack({**stack.configuration, "resource": few}, ACCOUNT)
    actions = ["ec2:AllocateAddress", "ec2:CreateVpc", "ec2:ModifyVpcAttribute"]
    iam = ("iam", "us-east-1")
    with stubbed(clients, *iam) as stub:
        simulated(stub, dict.fromkeys(actions, "allowed"))
        assert [one.verdict for one in asked("rights", clients, small)] == [OK]
    with stubbed(clients, *iam) as stub:
        simulated(stub, dict.fromkeys(actions, "allowed") | {"ec2:CreateVpc": "explicitDeny"})
        assert "not ec2:CreateVpc (explicitDeny)" in missed(asked("rights", clients, small))[0]
    with stubbed(clients, *iam) as stub:
        no = {"OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
        simulated(stub, dict.fromkeys(actions, "allowed"), no)
        assert "ec2:CreateVpc (denied by the organization)" in missed(asked("rights", clients, small))[0]
    with stubbed(clients, *iam) as stub:
        simulated(stub, {"ec2:CreateVpc": "allowed"})
        (one,) = asked("rights", clients, small)
        assert one.verdict == UNANSWERED
    with stubbed(clients, *iam) as stub:
        stub.add_client_error("simulate_principal_policy", "AccessDenied", "not you")
        (one,) = asked("rights", clients, small)
        assert (one.verdict, one.found) == (UNANSWERED, "SimulatePrincipalPolicy: AccessDenied: not you")


@pytest.mark.parametrize(
    ("role_name", "asked_for"), [("deployer", "deployer"), ("cloudmart-prod-plan", "cloudmart-prod-apply")]
)
def test_a_session_is_asked_about_by_the_role_that_applies(clients, role_name, asked_for):
    """The role's own ARN has a path, which a session's has not; a team plans by a role that only reads."""
    stack = the_stack()
    small = Stack({**stack.configuration, "resource": {"aws_eip": stack.of("aws_eip")}}, ACCOUNT)
    actions = ["ec2:AllocateAddress"]
    with stubbed(clients, "iam", "us-east-1") as stub:
        role = {
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/teams/deployer",
            "Path": "/teams/",
            "RoleName": "deployer",
            "RoleId": "AROA0123456789012345",
            "CreateDate": datetime.now(UTC),
        }
        stub.add_response("get_role", {"Role": role}, {"RoleName": asked_for})
        rows = [{"EvalActionName": name, "EvalDecision": "allowed"} for name in actions]
        expected = {"PolicySourceArn": role["Arn"], "ActionNames": actions}
        stub.add_response("simulate_principal_policy", {"EvaluationResults": rows}, expected)
        session = Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/me")
        assert [one.verdict for one in asked("rights", clients, small, session)] == [OK]


def test_the_firewalls_groups_and_the_distributions_names(clients, seed):
    stack = the_stack()
    wanted = sorted({name for _, _, name in stack.managed_groups()})
    for names, number in ((wanted, 0), (wanted[1:], 1)):
        with stubbed(clients, "wafv2", "us-east-1") as cdn, stubbed(clients, "wafv2") as balancer:
            for stub in (cdn, balancer):
                groups = [{"VendorName": "AWS", "Name": name} for name in names]
                stub.add_response("list_available_managed_rule_groups", {"ManagedRuleGroups": groups})
            told = missed(asked("firewall", clients, stack))
        assert len(told) == 2 * number
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behaviour = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"}
    config = {
        "CallerReference": "x",
        "Comment": "",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": ["shop.example.com"]},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
    }
    seed("cloudfront").create_distribution(DistributionConfig=config)
    assert "serves it" in missed(asked("firewall", clients, stack))[0]


def test_placeholders_are_found_where_they_stand():
    written = {
        "domain": {"name": "shop.example.com", "hosted_zone_id": "Z0000000000EXAMPLE00"},
        "backend": {
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1",
            "ami": "ami-0123456789abcdef0",
        },
        "observability": {"alarm_emails": ["ops@shop.kr", "ops@example.org"]},
    }
    named = [name for name, _ in placeholders(written)]
    assert named == [
        "domain.name",
        "domain.hosted_zone_id",
        "backend.image",
        "backend.ami",
        "observability.alarm_emails[1]",
    ]
    own = {
        "name": "example-shop.kr",
        "zone": "Z01234567ABC",
        "image": "123456789013.dkr.ecr.x/a:123456789012345",
    }
    assert not list(placeholders(own))
    assert list(placeholders({"name": "notexample.com"})) == []


def test_an_expired_session_is_told(clients):
    with stubbed(clients, "sts", "us-east-1") as stub:
        stub.add_client_error("get_caller_identity", "ExpiredToken", "The security token is expired")
        with pytest.raises(Problem, match=r"The security token is expired\): aws sso login"):
            caller(clients)


def test_misses_that_somebody_knows_do_not_count(clients):
    found = asked("image", clients, the_stack()) + asked("domain", clients, the_stack())
    assert len(refused(found, ())) == 2
    assert [one.topic for one in refused(found, ("image",))] == ["domain"]
    assert summed_up(found, ("image",)) == "0 ok, misses accepted: image, 1 missed"


# Actions whose names are not those of operations.
OTHERWISE = {
    "backup-storage:MountCapsule",
    "budgets:ModifyBudget",
    "cloudfront:AllowVendedLogDeliveryForResource",
    "elasticloadbalancing:SetWebACL",
    "iam:PassRole",
    "logs:CreateLogDelivery",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
}


def test_every_type_has_its_actions_and_every_action_is_one(stack):
    from botocore.loaders import Loader

    for variant in VARIANTS:
        assert set(stack(variant)["resource"]) <= set(questions.ACTIONS), variant
    loader = Loader()
    operations = {}
    for action in {one for some in questions.ACTIONS.values() for one in some} - OTHERWISE:
        prefix, _, name = action.partition(":")
        service = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}.get(prefix, prefix)
        if service not in operations:
            model = ServiceModel(loader.load_service_model(service, "service-2"), service)
            operations[service] = {re.sub(r"\d{4}_\d\d_\d\d$", "", one) for one in model.operation_names}
        assert name in operations[service], action


def test_every_quota_has_its_source_and_the_runbook_makes_the_same_roles():
    from handoff import runbook

    assert all(row["source"].startswith("https://docs.aws.amazon.com/") for row in questions.QUOTAS.values())
    assert questions.SERVICE_ROLES == runbook.SERVICE_ROLES


def test_a_page_that_is_not_awss_is_no_answer(clients, aws_answering):
    from botocore.parsers import ResponseParserError

    def page(**_):
        raise ResponseParserError("<html>sign in to the proxy</html>")

    clients.session.events.register("before-call.sts.*", page)
    with pytest.raises(Problem, match=r"cannot ask AWS who is calling .*sign in to the proxy"):
        caller(clients)
    clients.session.events.register("before-call.route53.*", page)
    (one,) = asked("domain", clients, the_stack())
    assert (one.verdict, one.found) == (UNANSWERED, "<html>sign in to the proxy</html>")
