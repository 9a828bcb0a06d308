"""The questions: each takes clients and a stack, calls nothing but what reads, and yields its answers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from pipeline.preflight.answers import MISS, OK, UNANSWERED, Answer
from pipeline.preflight.clients import GLOBAL, UNHEARD, Caller, Clients, code_of
from pipeline.preflight.needs import Stack

Question = Callable[[Clients, Stack, Caller], Iterator[Answer]]
_HERE = Path(__file__).parent
QUOTAS: dict[str, dict[str, Any]] = tomllib.loads((_HERE / "quotas.toml").read_text(encoding="utf-8"))
ACTIONS: dict[str, list[str]] = tomllib.loads((_HERE / "actions.toml").read_text(encoding="utf-8"))
SERVICE_ROLES = {
    "aws_db_instance": "rds",
    "aws_elasticache_replication_group": "elasticache",
    "aws_autoscaling_group": "autoscaling",
    "aws_lb": "elasticloadbalancing",
    "aws_backup_vault": "backup",
    "aws_fis_experiment_template": "fis",
    "aws_wafv2_web_acl": "wafv2",
}
"""Whose service-linked role the first resource of a type makes."""
_ABSENT = ("404", "NoSuchBucket", "NotFound", "NoSuchKey")
_STANDARD = re.compile(r"(?:[acdhimrtz]\d|im4|is4|mac)")
_SIMULATED = 50
"""Actions of one call."""


def account(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the environment, the image's registry and certificates of the settings are of the caller's account."""
    named = [(number, "the environment (account in its settings)") for number in stack.accounts]
    named += [(arn.split(":")[4], f"the certificate of {user}") for arn, user, _ in stack.certificates()]
    if image := stack.image:
        named.append((image.account, f"the image's registry ({stack.image_name})"))
    for number, what in named:
        asked = f"is {what} in the caller's account?"
        if number == caller.account:
            yield Answer("account", OK, asked, f"both are {number}")
        else:
            yield Answer(
                "account",
                MISS,
                asked,
                f"it is of account {number}, and {caller.arn} is of {caller.account}",
                "sign in to the other account (AWS_PROFILE), or mend the settings",
            )


def region(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the account has the regions turned on."""
    used = {stack.region_of(body) for kind in stack.kinds() for body in stack.missing(kind).values()}
    for name in sorted(used | {stack.region}):
        asked = f"is the region {name} enabled?"
        said = clients.of("ec2", GLOBAL).describe_regions(RegionNames=[name], AllRegions=True)["Regions"]
        status = said[0].get("OptInStatus", "") if said else "unknown to AWS"
        if status in ("opt-in-not-required", "opted-in"):
            yield Answer("region", OK, asked, status)
        else:
            cure = f"aws account enable-region --region-name {name}, and wait until it is done"
            yield Answer("region", MISS, asked, f"it is {status}", cure)


def service_roles(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether service-linked roles are there, or may be made by who applies."""
    iam = clients.of("iam", GLOBAL)
    for service in dict.fromkeys(SERVICE_ROLES[kind] for kind in SERVICE_ROLES if stack.missing(kind)):
        principal = f"{service}.amazonaws.com"
        asked = f"is the service-linked role of {principal} there, or may it be made?"
        make = f"aws iam create-service-linked-role --aws-service-name {principal}"
        if iam.list_roles(PathPrefix=f"/aws-service-role/{principal}/")["Roles"]:
            yield Answer("service-roles", OK, asked, "it is there")
            continue
        try:
            decided = _decisions(clients, stack, caller, ["iam:CreateServiceLinkedRole"], principal)
        except (ClientError, *UNHEARD) as error:
            found = f"it is not there, and whether it may be made is not told ({_said(error)})"
            yield Answer("service-roles", UNANSWERED, asked, found, make)
            continue
        if decided["iam:CreateServiceLinkedRole"] == "allowed":
            found = f"it is not there and may be made; made before, it spares the first call an error: {make}"
            yield Answer("service-roles", OK, asked, found)
        else:
            found = "it is not there, and the caller may not make it"
            yield Answer("service-roles", MISS, asked, found, f"an administrator gives: {make}")


def quotas(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether what is made has room in the account's quotas."""
    for name, number in stack.numbers().items():

        def ask(name: str = name, number: int = number) -> list[Answer]:
            return [_fits(clients, stack, name, number, _USED[name](clients, stack))]

        yield from _answered("quotas", QUOTAS[name]["words"], ask)
    yield from _answered("quotas", QUOTAS["nat_gateways"]["words"], lambda: _nat_room(clients, stack))
    if stack.instances()[1]:
        yield from _answered("quotas", QUOTAS["vcpus"]["words"], lambda: _vcpu_room(clients, stack))


def domain(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the hosted zone is there, is public, fits the names, and has none of the records yet."""
    route53 = clients.of("route53", GLOBAL)
    for zone in sorted({str(body.get("zone_id", "")) for body in stack.of("aws_route53_record").values()}):
        asked = f"is {zone} a public hosted zone that fits {', '.join(stack.domains())}?"
        cure = (
            "aws route53 list-hosted-zones-by-name, and put the public zone's id into domain.hosted_zone_id"
        )
        try:
            said = route53.get_hosted_zone(Id=zone)["HostedZone"]
        except ClientError as error:
            if code_of(error) not in ("NoSuchHostedZone", "InvalidInput"):
                raise
            yield Answer("domain", MISS, asked, "the account has no such zone", cure)
            continue
        name = said["Name"].rstrip(".")
        if said.get("Config", {}).get("PrivateZone"):
            yield Answer("domain", MISS, asked, f"it is the private zone {name}", cure)
            continue
        strangers = [one for one in stack.domains() if one != name and not one.endswith(f".{name}")]
        if strangers:
            yield Answer(
                "domain", MISS, asked, f"it is {name}, and {', '.join(strangers)} is not in it", cure
            )
            continue
        yield Answer("domain", OK, asked, f"it is {name}, public")
        if stack.standing is None:
            yield Answer("domain", UNANSWERED, "are the records free?", "the state could not be read")
            continue
        for body in stack.missing("aws_route53_record").values():
            record = stack.resolved(body.get("name"))
            if not record or body.get("allow_overwrite") or body.get("zone_id") != zone:
                continue
            kind = body["type"]
            sets = route53.list_resource_record_sets(
                HostedZoneId=zone, StartRecordName=record, StartRecordType=kind, MaxItems="1"
            )["ResourceRecordSets"]
            taken = any(one["Name"].rstrip(".") == record and one["Type"] == kind for one in sets)
            yield Answer(
                "domain",
                MISS if taken else OK,
                f"is the record {record} {kind} free?",
                "it is there already, and Terraform would not overwrite it" if taken else "it is free",
                "take it away in the zone, or import it into the state" if taken else "",
            )


def certificates(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether certificates that the settings name are issued, valid, where they are needed, and for the names."""
    for arn, user, needed in stack.certificates():
        asked = f"does {arn} serve {user}?"
        where = arn.split(":")[3]
        cure = f"aws acm request-certificate --region {needed} --validation-method DNS --domain-name NAME"
        if where != needed:
            yield Answer("certificates", MISS, asked, f"it is in {where}, and has to be in {needed}", cure)
            continue
        try:
            said = clients.of("acm", where).describe_certificate(CertificateArn=arn)["Certificate"]
        except ClientError as error:
            if code_of(error) not in (
                "ResourceNotFoundException",
                "ValidationException",
                "InvalidArnException",
            ):
                raise
            yield Answer("certificates", MISS, asked, "there is no such certificate", cure)
            continue
        covered = {said.get("DomainName", ""), *said.get("SubjectAlternativeNames", [])}
        bare = [one for one in stack.domains() if not {one, f"*.{one.partition('.')[2]}"} & covered]
        until = said.get("NotAfter")
        if said.get("Status") != "ISSUED":
            yield Answer("certificates", MISS, asked, f"its status is {said.get('Status')}", cure)
        elif until and until <= datetime.now(UTC):
            yield Answer("certificates", MISS, asked, f"it was valid until {until:%Y-%m-%d}", cure)
        elif bare:
            found = f"it is for {', '.join(sorted(covered))}, and not for {', '.join(bare)}"
            yield Answer("certificates", MISS, asked, found, cure)
        else:
            yield Answer("certificates", OK, asked, "it is issued, and for the names")


def image(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the image is in its repository."""
    if not stack.image_name:
        return
    asked = f"is the image {stack.image_name} there?"
    parts = stack.image
    if parts is None:
        yield Answer(
            "image", UNANSWERED, asked, "it is in no private registry of ECR, and nobody else is asked"
        )
        return
    which = {"imageTag": parts.tag} if parts.tag else {"imageDigest": parts.digest}
    try:
        clients.of("ecr", parts.region).describe_images(
            registryId=parts.account, repositoryName=parts.repository, imageIds=[which]
        )
    except ClientError as error:
        code = code_of(error)
        if code == "RepositoryNotFoundException":
            cure = (
                f"aws ecr create-repository --region {parts.region} --repository-name {parts.repository} "
                f"--image-tag-mutability IMMUTABLE, then docker push {stack.image_name}"
            )
            yield Answer("image", MISS, asked, f"there is no repository {parts.repository}", cure)
        elif code == "ImageNotFoundException":
            found = f"the repository has no {parts.tag or parts.digest}"
            yield Answer(
                "image", MISS, asked, found, f"docker push {stack.image_name}, or mend backend.image"
            )
        else:
            raise
        return
    yield Answer("image", OK, asked, "it is there")


def state(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the state's bucket can be used, keeps versions, encrypts, and is not locked.

    That it cannot be reached is a miss, whatever the reason: `terraform init` needs the same right.
    """
    kind, settings = stack.backend
    if kind != "s3":
        return
    bucket, where = str(settings["bucket"]), str(settings.get("region") or stack.region)
    s3 = clients.of("s3", where)
    asked = f"can the state be kept in the bucket {bucket} of {where}?"
    make = "make plan ENV=state && make apply ENV=state"
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        code = code_of(error)
        found = "there is no such bucket" if code in _ABSENT else f"it cannot be reached ({_said(error)})"
        if code in ("301", "PermanentRedirect"):
            found = "it is in another region"
        cure = make if code in _ABSENT else "mend state.bucket and state.region, or the caller's rights on it"
        yield Answer("state", MISS, asked, found, cure)
        return
    lacking = []
    try:
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            lacking.append(
                (
                    "it keeps no versions: a state that was spoiled is gone",
                    f"aws s3api put-bucket-versioning --bucket {bucket} "
                    "--versioning-configuration Status=Enabled",
                )
            )
        try:
            s3.get_bucket_encryption(Bucket=bucket)
        except ClientError as error:
            if code_of(error) != "ServerSideEncryptionConfigurationNotFoundError":
                raise
            lacking.append(
                (
                    "it does not encrypt",
                    f"aws s3api put-bucket-encryption --bucket {bucket} --server-side-encryption-configuration "
                    '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]}\'',
                )
            )
        if settings.get("use_lockfile"):
            try:
                s3.head_object(Bucket=bucket, Key=f"{settings['key']}.tflock")
                lacking.append(
                    (
                        "it is locked: somebody is at work, or a run was killed",
                        "wait; if nobody is at work: terraform force-unlock, with the id that terraform plan says",
                    )
                )
            except ClientError as error:
                if code_of(error) not in _ABSENT:
                    raise
    except (ClientError, *UNHEARD) as error:
        # Terraform reads and writes the state without these rights.
        yield Answer("state", UNANSWERED, asked, f"not all of it is told ({_said(error)})")
        return
    for found, cure in lacking:
        yield Answer("state", MISS, asked, found, cure)
    if not lacking:
        yield Answer("state", OK, asked, "it is there, versioned and encrypted, and not locked")


def firewall(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether AWS WAF has the managed rule groups, and no distribution has the public names yet."""
    groups = stack.managed_groups()
    for scope in sorted({scope for scope, _, _ in groups}):
        wanted = sorted(name for of, _, name in groups if of == scope)
        where = GLOBAL if scope == "CLOUDFRONT" else stack.region

        def ask(scope: str = scope, wanted: list[str] = wanted, where: str = where) -> list[Answer]:
            asked = f"has AWS WAF ({scope} in {where}) the rule groups {', '.join(wanted)}?"
            known: set[str] = set()
            more: dict[str, str] = {}
            while True:
                said = clients.of("wafv2", where).list_available_managed_rule_groups(Scope=scope, **more)
                known.update(one["Name"] for one in said["ManagedRuleGroups"])
                if not said.get("NextMarker"):
                    break
                more = {"NextMarker": said["NextMarker"]}
            absent = [name for name in wanted if name not in known]
            if absent:
                cure = "take another region, or load_balancer.waf: false"
                return [Answer("firewall", MISS, asked, f"not {', '.join(absent)}", cure)]
            return [Answer("firewall", OK, asked, "it has them")]

        yield from _answered("firewall", f"rule groups of {scope}", ask)
    if stack.missing("aws_cloudfront_distribution"):
        for name in stack.domains():
            asked = f"does no other distribution of the account serve {name}?"
            pages = clients.of("cloudfront", GLOBAL).get_paginator("list_distributions").paginate()
            items = [one for page in pages for one in page["DistributionList"].get("Items") or ()]
            users = [one["Id"] for one in items if name in (one.get("Aliases") or {}).get("Items", [])]
            cure = "take the name from that distribution, or import it into the state"
            if users:
                yield Answer("cloudfront", MISS, asked, f"{', '.join(users)} serves it", cure)
            else:
                yield Answer("cloudfront", OK, asked, "none does")


def names(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """Whether the names of what is made are free; what the state knows is not asked about."""
    named = [*_NAMED.items(), ("aws_db_instance", _SNAPSHOTS)]
    for kind, (argument, service, words, found) in named:
        for body in stack.missing(kind).values():
            name = stack.resolved(body.get(argument))
            if not name:
                # Terraform makes it up, and so it is free; or it is no new thing's.
                continue
            asked = f"is {words} {name} free?"
            if stack.standing is None:
                yield Answer(
                    "names", UNANSWERED, asked, "what is ours is not known: the state cannot be read"
                )
                continue

            def ask(
                service: str = service,
                body: Any = body,
                found: Callable[[Any, str], str] = found,
                name: str = name,
                asked: str = asked,
            ) -> list[Answer]:
                where = GLOBAL if service == "iam" else stack.region_of(body)
                said = found(clients.of(service, where), name)
                cure = "delete it, import it into the state, or give the stack another name (project, environment)"
                if service == "secretsmanager":
                    cure = (
                        f"aws secretsmanager restore-secret --secret-id {name}, and import it; or for good: "
                        f"aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery"
                    )
                return [
                    Answer("names", MISS if said else OK, asked, said or "it is free", cure if said else "")
                ]

            yield from _answered("names", asked, ask)


def rights(clients: Clients, stack: Stack, caller: Caller) -> Iterator[Answer]:
    """What the caller may not do of all that making the stack takes.

    An action that is denied expressly, by a boundary or by the organization is a miss. One that no policy allows on all
    resources may be allowed on single ones, which a simulation without them does not show: it is a miss too, since
    most callers' policies name none; whoever's does accepts this topic.
    """
    actions = sorted({one for kind in stack.kinds() for one in ACTIONS.get(kind, ())})
    unlisted = [kind for kind in stack.kinds() if kind not in ACTIONS]
    asked = f"may {caller.arn} do the {len(actions)} actions that making the stack takes?"
    if unlisted:
        yield Answer(
            "rights", UNANSWERED, "what is needed for every type?", f"not listed: {', '.join(unlisted)}"
        )
    if caller.arn.endswith(":root"):
        yield Answer("rights", OK, asked, "it is the account's root user")
        return
    decided = _decisions(clients, stack, caller, actions)
    denied = [f"{name} ({word})" for name, word in decided.items() if word != "allowed"]
    unsaid = [name for name in actions if name not in decided]
    if denied:
        cure = (
            "an administrator allows them to the caller; where the caller's policies allow them on single resources: "
            "ACCEPT=rights"
        )
        yield Answer("rights", MISS, asked, f"not {', '.join(denied)}", cure)
    elif unsaid:
        yield Answer("rights", UNANSWERED, asked, f"nothing was said of {', '.join(unsaid)}")
    else:
        yield Answer("rights", OK, asked, "it may, as far as its policies say")


QUESTIONS: dict[str, Question] = {
    "account": account,
    "region": region,
    "service-roles": service_roles,
    "quotas": quotas,
    "domain": domain,
    "certificates": certificates,
    "image": image,
    "state": state,
    "firewall": firewall,
    "names": names,
    "rights": rights,
}


def answers(topic: str, clients: Clients, stack: Stack, caller: Caller) -> list[Answer]:
    """All answers to a question; where AWS gives none, that it did not."""
    return list(_answered(topic, "", lambda: QUESTIONS[topic](clients, stack, caller)))


def _answered(topic: str, asked: str, ask: Callable[[], Any]) -> Iterator[Answer]:
    try:
        yield from ask()
    except (ClientError, *UNHEARD) as error:
        yield Answer(topic, UNANSWERED, asked or "the question", _said(error))


def _said(error: Exception) -> str:
    if isinstance(error, ClientError):
        return (
            f"{error.operation_name}: {code_of(error)}: {error.response.get('Error', {}).get('Message', '')}"
        )
    return str(error)


def _decisions(
    clients: Clients, stack: Stack, caller: Caller, actions: list[str], service: str = ""
) -> dict[str, str]:
    """Action -> allowed, explicitDeny, implicitDeny, or who else denies it; of whoever will apply."""
    iam = clients.of("iam", GLOBAL)
    arn = caller.arn
    if assumed := re.fullmatch(r"arn:[\w-]+:sts::\d{12}:assumed-role/([^/]+)/.*", arn):
        # What STS names is a session; the role's own ARN has its path.
        arn = iam.get_role(RoleName=_applying(stack, assumed[1]))["Role"]["Arn"]
    extra: dict[str, Any] = {}
    if service:
        entry = {
            "ContextKeyName": "iam:AWSServiceName",
            "ContextKeyValues": [service],
            "ContextKeyType": "string",
        }
        extra = {"ContextEntries": [entry]}
    found: dict[str, str] = {}
    for start in range(0, len(actions), _SIMULATED):
        pages = iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=arn, ActionNames=actions[start : start + _SIMULATED], **extra
        )
        for one in (one for page in pages for one in page["EvaluationResults"]):
            word = one["EvalDecision"]
            if not one.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
                word = "denied by the organization"
            elif not one.get("PermissionsBoundaryDecisionDetail", {}).get(
                "AllowedByPermissionsBoundary", True
            ):
                word = "denied by the permissions boundary"
            found[one["EvalActionName"]] = word
    return found


def _applying(stack: Stack, role: str) -> str:
    """The role that applies, where a team's role for planning, which only reads, is the caller's."""
    return f"{stack.name}-apply" if role == f"{stack.name}-plan" else role


def _limit(clients: Clients, stack: Stack, name: str) -> tuple[float, str]:
    """A quota's value, and where it is from."""
    row = QUOTAS[name]
    if row["code"]:
        where = GLOBAL if row["service"] == "cloudfront" else stack.region
        client = clients.of("service-quotas", where)
        try:
            said = client.get_service_quota(ServiceCode=row["service"], QuotaCode=row["code"])
            return float(said["Quota"]["Value"]), "the account's own"
        except (ClientError, *UNHEARD):
            # No value of the account's own, or the caller may not ask: what AWS gives everybody still says something.
            pass
    return float(row["default"]), "AWS's default; the account's own is not told"


def _fits(
    clients: Clients, stack: Stack, name: str, needed: int, used: int, place: str = "", also: str = ""
) -> Answer:
    row = QUOTAS[name]
    limit, source = _limit(clients, stack, name)
    asked = f"is there room for {needed} {row['words']}{place}?"
    found = f"{used} of {limit:g} are used ({source}){also}"
    if used + needed <= limit:
        return Answer("quotas", OK, asked, found)
    where = GLOBAL if row["service"] == "cloudfront" else stack.region
    cure = "delete what is not needed"
    if row["code"]:
        cure = (
            f"aws service-quotas request-service-quota-increase --region {where} --service-code {row['service']} "
            f"--quota-code {row['code']} --desired-value {used + needed}, or delete what is not needed"
        )
    return Answer("quotas", MISS, asked, found, cure)


def _listed(client: Any, operation: str, key: str, **given: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**given)
    return [one for page in pages for one in page.get(key) or ()]


_USED: dict[str, Callable[[Clients, Stack], int]] = {
    "eips": lambda c, s: len(c.of("ec2", s.region).describe_addresses()["Addresses"]),
    "vpcs": lambda c, s: len(_listed(c.of("ec2", s.region), "describe_vpcs", "Vpcs")),
    "internet_gateways": lambda c, s: len(
        _listed(c.of("ec2", s.region), "describe_internet_gateways", "InternetGateways")
    ),
    "load_balancers": lambda c, s: sum(
        one.get("Type") == "application"
        for one in _listed(c.of("elbv2", s.region), "describe_load_balancers", "LoadBalancers")
    ),
    "databases": lambda c, s: len(_listed(c.of("rds", s.region), "describe_db_instances", "DBInstances")),
    "cache_nodes": lambda c, s: sum(
        int(one.get("NumCacheNodes") or 0)
        for one in _listed(c.of("elasticache", s.region), "describe_cache_clusters", "CacheClusters")
    ),
    "distributions": lambda c, s: sum(
        len(page["DistributionList"].get("Items") or ())
        for page in c.of("cloudfront", GLOBAL).get_paginator("list_distributions").paginate()
    ),
    "log_policies": lambda c, s: len(
        _listed(c.of("logs", s.region), "describe_resource_policies", "resourcePolicies")
    ),
}


def _nat_room(clients: Clients, stack: Stack) -> Iterator[Answer]:
    needed = stack.nat_gateways()
    if not needed:
        return
    ec2 = clients.of("ec2", stack.region)
    zone_of = {
        one["SubnetId"]: one["AvailabilityZone"] for one in _listed(ec2, "describe_subnets", "Subnets")
    }
    standing = [
        zone_of.get(one.get("SubnetId", ""), "")
        for one in _listed(ec2, "describe_nat_gateways", "NatGateways")
        if one.get("State") in ("pending", "available", "deleting")
    ]
    for zone, number in sorted(needed.items()):
        yield _fits(clients, stack, "nat_gateways", number, standing.count(zone), f", {zone}")


def _vcpu_room(clients: Clients, stack: Stack) -> Iterator[Answer]:
    kind, first, most = stack.instances()
    if not _STANDARD.match(kind):
        asked = f"is there room for {first} instances of {kind}?"
        yield Answer(
            "quotas", UNANSWERED, asked, "its family has a quota of its own, which is not asked about"
        )
        return
    ec2 = clients.of("ec2", stack.region)
    one = ec2.describe_instance_types(InstanceTypes=[kind])["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"]
    running = ["pending", "running", "stopping", "shutting-down"]
    reservations = _listed(
        ec2,
        "describe_instances",
        "Reservations",
        Filters=[{"Name": "instance-state-name", "Values": running}],
    )
    used = sum(
        int(instance.get("CpuOptions", {}).get("CoreCount") or 1)
        * int(instance.get("CpuOptions", {}).get("ThreadsPerCore") or 1)
        for reservation in reservations
        for instance in reservation["Instances"]
        if _STANDARD.match(instance["InstanceType"]) and instance.get("InstanceLifecycle") != "spot"
    )
    limit, _ = _limit(clients, stack, "vcpus")
    short = used + most * one > limit
    also = f"; the group at its largest, amid a deploy, needs {most * one}" + (
        ", which do not fit" if short else ""
    )
    yield _fits(clients, stack, "vcpus", first * one, used, also=also)


def _by(operation: str, key: str, *absent: str, many: bool = False) -> Callable[[Any, str], str]:
    """Asks for one thing by its name; what stands in the way, or nothing."""

    def found(client: Any, name: str) -> str:
        try:
            said = getattr(client, operation)(**{key: [name] if many else name})
        except ClientError as error:
            if code_of(error) in absent:
                return ""
            raise
        if "DeletedDate" in said:
            return f"it is pending deletion since {said['DeletedDate']:%Y-%m-%d}, and its name is kept until then"
        lists = [
            value for name, value in said.items() if name != "ResponseMetadata" and isinstance(value, list)
        ]
        return "" if lists and not any(lists) else "it is there already, and not in the state"

    return found


def _bucket(client: Any, name: str) -> str:
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        code = code_of(error)
        if code in _ABSENT:
            return ""
        if code in ("403", "AccessDenied", "301", "PermanentRedirect"):
            return "it is somebody's already: another account's, another region's, or one that the caller may not see"
        raise
    return "it is there already, and not in the state"


def _log_group(client: Any, name: str) -> str:
    groups = _listed(client, "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return (
        "it is there already, and not in the state"
        if any(one["logGroupName"] == name for one in groups)
        else ""
    )


def _key_alias(client: Any, name: str) -> str:
    aliases = _listed(client, "list_aliases", "Aliases")
    return (
        "it is there already, and not in the state"
        if any(one["AliasName"] == name for one in aliases)
        else ""
    )


def _snapshot(client: Any, name: str) -> str:
    return _by("describe_db_snapshots", "DBSnapshotIdentifier", "DBSnapshotNotFound")(client, name)


_NAMED: dict[str, tuple[str, str, str, Callable[[Any, str], str]]] = {
    "aws_s3_bucket": ("bucket", "s3", "the bucket", _bucket),
    "aws_cloudwatch_log_group": ("name", "logs", "the log group", _log_group),
    "aws_kms_alias": ("name", "kms", "the key's alias", _key_alias),
    "aws_secretsmanager_secret": (
        "name",
        "secretsmanager",
        "the secret",
        _by("describe_secret", "SecretId", "ResourceNotFoundException"),
    ),
    "aws_db_instance": (
        "identifier",
        "rds",
        "the database",
        _by("describe_db_instances", "DBInstanceIdentifier", "DBInstanceNotFound"),
    ),
    "aws_db_subnet_group": (
        "name",
        "rds",
        "the database's subnet group",
        _by("describe_db_subnet_groups", "DBSubnetGroupName", "DBSubnetGroupNotFoundFault"),
    ),
    "aws_elasticache_replication_group": (
        "replication_group_id",
        "elasticache",
        "the cache",
        _by("describe_replication_groups", "ReplicationGroupId", "ReplicationGroupNotFoundFault"),
    ),
    "aws_elasticache_subnet_group": (
        "name",
        "elasticache",
        "the cache's subnet group",
        _by("describe_cache_subnet_groups", "CacheSubnetGroupName", "CacheSubnetGroupNotFoundFault"),
    ),
    "aws_lb": (
        "name",
        "elbv2",
        "the load balancer",
        _by("describe_load_balancers", "Names", "LoadBalancerNotFound", many=True),
    ),
    "aws_lb_target_group": (
        "name",
        "elbv2",
        "the target group",
        _by("describe_target_groups", "Names", "TargetGroupNotFound", many=True),
    ),
    "aws_launch_template": (
        "name",
        "ec2",
        "the launch template",
        _by(
            "describe_launch_templates",
            "LaunchTemplateNames",
            "InvalidLaunchTemplateName.NotFoundException",
            many=True,
        ),
    ),
    "aws_autoscaling_group": (
        "name",
        "autoscaling",
        "the Auto Scaling group",
        _by("describe_auto_scaling_groups", "AutoScalingGroupNames", many=True),
    ),
    "aws_iam_role": ("name", "iam", "the role", _by("get_role", "RoleName", "NoSuchEntity")),
    "aws_iam_instance_profile": (
        "name",
        "iam",
        "the instance profile",
        _by("get_instance_profile", "InstanceProfileName", "NoSuchEntity"),
    ),
    "aws_backup_vault": (
        "name",
        "backup",
        "the backup vault",
        # Whoever has no such vault is told that he may not see it.
        _by("describe_backup_vault", "BackupVaultName", "ResourceNotFoundException", "AccessDeniedException"),
    ),
}
_SNAPSHOTS = ("final_snapshot_identifier", "rds", "the final snapshot", _snapshot)
