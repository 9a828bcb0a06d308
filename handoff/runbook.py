"""The runbook: what an operator does, step by step, with the stack's real names in every command.

One text, told twice: as Markdown for a terminal and as HTML beside the other pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handoff import templates
from handoff.configuration import Json
from handoff.pages import Frame
from settings import contract


@dataclass(frozen=True)
class Command:
    """Lines for a shell."""

    text: str


@dataclass(frozen=True)
class Section:
    """A task: its title, an anchor, and paragraphs and commands in turn."""

    title: str
    anchor: str
    steps: tuple[str | Command, ...]


def runbook(configuration: Json) -> list[Section]:
    """The tasks for this stack."""
    names = _names(configuration)
    return [
        Section(title, _anchor(title), tuple(steps))
        for title, steps in (
            ("In every new terminal", _opening(names)),
            ("Before the first apply", _preflight(names)),
            ("Keep the state in a bucket", _state(names)),
            ("First apply", _first_apply(names)),
            ("An application role in the database", _application_role(names)),
            ("Deploy the backend", _deploy(names)),
            ("A deploy that fails", _failed_deploy(names)),
            ("Patch the operating system", _patch(names)),
            ("Release the frontend", _frontend(names)),
            ("Day-two changes", _day_two(names)),
            ("Upgrade PostgreSQL", _upgrade_database(names)),
            ("Upgrade Redis", _upgrade_cache(names)),
            ("Upgrade the provider", _upgrade_provider()),
            ("Restore from a snapshot", _restore(names, point_in_time=False)),
            ("Restore to a point in time", _restore(names, point_in_time=True)),
            ("Restore the cache", _restore_cache(names)),
            ("Failover drill", _drill(names)),
            ("Leave a zone", _leave_zone(names)),
            ("Lose the region", _lose_region(names)),
            ("Rotate the database password", _rotate(names)),
            ("A request that the firewall refuses", _firewall(names)),
            ("Logs, and a shell on an instance", _logs(names)),
            ("Alarms", _alarms(names)),
            ("Costs that rise", _costs(names)),
            ("Roll back", _roll_back(names)),
            ("Take a new bundle", _new_bundle()),
            ("Destroy", _destroy(names)),
        )
    ]


def markdown(sections: list[Section], title: str) -> str:
    """The runbook as Markdown."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += [f"## {section.title}", ""]
        for step in section.steps:
            lines += ["```sh", step.text, "```", ""] if isinstance(step, Command) else [step, ""]
    return "\n".join(lines).rstrip() + "\n"


def html(frame: Frame, sections: list[Section]) -> str:
    """The runbook as a page of the bundle."""
    return frame.page(
        "runbook.html",
        "runbook",
        sections=[
            {
                "title": section.title,
                "anchor": section.anchor,
                "steps": [
                    ("command", step.text) if isinstance(step, Command) else ("words", list(_pieces(step)))
                    for step in section.steps
                ],
            }
            for section in sections
        ],
        anchors={section.title: section.anchor for section in sections},
    )


def _pieces(paragraph: str) -> Iterator[tuple[str, str]]:
    """A paragraph piece by piece: text, `code`, and the *title* of another task."""
    for number, piece in enumerate(paragraph.split("`")):
        if number % 2:
            yield "code", piece
            continue
        for place, words in enumerate(re.split(r"\*([^*]+)\*", piece)):
            yield ("title" if place % 2 else "text"), words


def _anchor(title: str) -> str:
    return title.lower().replace(",", "").replace(" ", "-")


# The service that makes itself a role when it is first used, by a resource that needs it.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
SERVICE_ROLES = {
    "aws_db_instance": "rds",
    "aws_elasticache_replication_group": "elasticache",
    "aws_autoscaling_group": "autoscaling",
    "aws_lb": "elasticloadbalancing",
    "aws_backup_vault": "backup",
    "aws_fis_experiment_template": "fis",
    "aws_wafv2_web_acl": "wafv2",
}
# What whoever applies needs beside the right to make, read and delete each resource.
ALSO_NEEDED = (
    "iam:CreateServiceLinkedRole",
    "iam:PassRole",
    "kms:CreateGrant",
    "logs:CreateLogDelivery",
    "logs:PutResourcePolicy",
    "cloudfront:AllowVendedLogDeliveryForResource",
    "secretsmanager:CreateSecret",
    "secretsmanager:TagResource",
    "ssm:GetParameter",
)


@dataclass(frozen=True)
class _Names:
    region: str
    zones: tuple[str, ...]
    database: str
    database_class: str
    database_subnets: str
    database_group: str
    database_key: str
    database_multi_az: bool
    database_user: str
    database_support: str
    application_user: str
    final_snapshot: bool
    protected: tuple[str, ...]
    cache: str
    cache_several: bool
    group: str
    group_max: int
    vault: str
    site: str
    image: str
    backend: str
    drill: bool
    emails: bool
    buckets: tuple[str, ...]
    account_stack: str
    role: str
    state_is_local: bool
    state_bucket: str
    processor: str
    zone_id: str
    services: tuple[str, ...]
    eips: int
    acls: tuple[tuple[str, str], ...]
    alarms: tuple[tuple[str, str, str], ...]
    events: tuple[tuple[str, str], ...]
    log_groups: tuple[str, ...]
    copy_region: str
    locked: bool


def _names(configuration: Json) -> _Names:
    resources = configuration["resource"]

    def one(terraform_type: str) -> Json:
        found: Json = next(iter(resources.get(terraform_type, {}).values()), {})
        return found

    database, cache = one("aws_db_instance"), one("aws_elasticache_replication_group")
    backend, settings = next(iter(configuration["terraform"]["backend"].items()))
    protected = [
        f"{kind}.{name}.{argument}"
        for kind, argument in (
            ("aws_db_instance", "deletion_protection"),
            ("aws_lb", "enable_deletion_protection"),
        )
        for name, body in resources.get(kind, {}).items()
        if body.get(argument)
    ]
    return _Names(
        region=configuration["provider"]["aws"][0]["region"],
        zones=tuple(sorted({body["availability_zone"] for body in resources["aws_subnet"].values()})),
        database=database["identifier"],
        database_class=database["instance_class"],
        database_subnets=_followed(configuration, database["db_subnet_group_name"]),
        database_group=_followed(configuration, database["vpc_security_group_ids"][0], "name"),
        database_key=resources["aws_kms_alias"]["database"]["name"],
        database_multi_az=bool(database.get("multi_az")),
        database_user=database["username"],
        database_support=database["engine_lifecycle_support"],
        application_user=_told(configuration, "DATABASE_USER", "iam"),
        final_snapshot=bool(database.get("final_snapshot_identifier")),
        protected=tuple(protected),
        cache=cache["replication_group_id"],
        cache_several=int(cache.get("num_cache_clusters", 1)) > 1,
        group=one("aws_autoscaling_group")["name"],
        group_max=int(one("aws_autoscaling_group")["max_size"]),
        vault=one("aws_backup_vault")["name"],
        site=configuration["output"]["site_url"]["value"],
        image=configuration["variable"]["backend_image"]["default"],
        backend=f"in the bucket {settings['bucket']}"
        if backend == "s3"
        else f"in terraform/{settings['path']}",
        drill="aws_fis_experiment_template" in resources,
        emails="aws_sns_topic_subscription" in resources,
        buckets=tuple(sorted(name for name in configuration["output"] if name.endswith("_bucket"))),
        account_stack=cache["replication_group_id"],
        role=resources["aws_iam_role"]["backend"]["name"],
        state_is_local=backend == "local",
        state_bucket=settings.get("bucket", ""),
        processor="arm64" if "arm64" in json.dumps(configuration.get("data", {})) else "amd64",
        zone_id=one("aws_route53_record").get("zone_id", ""),
        services=tuple(SERVICE_ROLES[kind] for kind in SERVICE_ROLES if kind in resources),
        eips=len(resources.get("aws_eip", {})),
        acls=tuple((body["name"], body["scope"]) for body in resources.get("aws_wafv2_web_acl", {}).values()),
        alarms=tuple(
            (body["alarm_name"], body["metric_name"], body["alarm_description"])
            for body in resources["aws_cloudwatch_metric_alarm"].values()
        ),
        events=tuple(
            (body["name"], body["description"])
            for body in resources.get("aws_cloudwatch_event_rule", {}).values()
        ),
        log_groups=tuple(
            sorted(
                body["name"]
                for body in resources["aws_cloudwatch_log_group"].values()
                if "region" not in body
            )
        ),
        copy_region=resources.get("aws_backup_vault", {}).get("copy", {}).get("region", ""),
        locked="aws_backup_vault_lock_configuration" in resources,
    )


def _told(configuration: Json, variable: str, auth: str) -> str:
    """A variable of the backend, where it signs in to the database in a certain way; else empty."""
    told = str(configuration["locals"]["backend_user_data"])
    found = re.search(rf"^ *{variable}=(.*)$", told, re.M)
    return found[1] if found and f"DATABASE_AUTH={auth}\n" in told else ""


def _followed(configuration: Json, value: str, attribute: str = "") -> str:
    """What a reference such as `${aws_db_subnet_group.main.name}` leads to in the configuration."""
    expression = templates.bare(value) or ""
    terraform_type, name, found = expression.split(".", 2)
    result: Any = configuration["resource"][terraform_type][name].get(attribute or found, expression)
    return str(result)


# What makes a name another one each time.
_STAMP = "$(date -u +%Y%m%d%H%M%S)"


def _opening(names: _Names) -> Iterator[str | Command]:
    yield (
        "Every task below begins in a terminal of its own, in the bundle's folder, with the two lines that follow; "
        "whatever is done twice by mistake does no harm. Words in capitals are yours to fill in. The AWS CLI reads "
        "`AWS_REGION` from version 2 on, and the other variable before. See who you are:"
    )
    yield Command(
        f"cd terraform\nexport AWS_REGION={names.region} AWS_DEFAULT_REGION={names.region}\n"
        "aws sts get-caller-identity"
    )


def _preflight(names: _Names) -> Iterator[str | Command]:
    yield "See that the folder is as it was handed over, before anything of yours is added to it:"
    yield Command("sh ../verify")
    yield (
        "An account that never ran such a stack lacks what others have. Once an account, by somebody with the rights "
        "of an administrator; each line may be given again. Where the project's checkout is at hand, `make "
        "preflight` asks all of it and more, and makes nothing."
    )
    yield (
        "Services make themselves a role when they are first used, and answer the first call with an error while "
        "they do (`Unable to create the resource. Verify that you have permission to create service linked role`). "
        "So the roles come first; one that is there already is an error that does not matter:"
    )
    yield Command(
        f"for service in {' '.join(names.services)}; do\n"
        '  aws iam create-service-linked-role --aws-service-name "$service.amazonaws.com" || true\ndone'
    )
    yield (
        "Whoever applies needs, beside the rights on each resource: "
        + ", ".join(f"`{one}`" for one in ALSO_NEEDED)
        + "."
    )
    if names.eips:
        yield (
            f"Quotas of a new account: {names.eips} Elastic IP addresses of 5, 1 VPC of 5. CloudFront and load "
            f"balancers "
            "may wait for the account's verification, which a support case asks for:"
        )
        yield Command(
            "aws service-quotas get-service-quota --service-code ec2 --quota-code L-0263D0A3 --query Quota.Value\n"
            "aws ec2 describe-addresses --query 'length(Addresses)'\n"
            "aws service-quotas get-service-quota --service-code vpc --quota-code L-F678F1CE --query Quota.Value\n"
            "aws ec2 describe-vpcs --query 'length(Vpcs)'"
        )
    if names.zone_id:
        yield "The hosted zone of the public name is there, and the internet asks it:"
        yield Command(
            f"aws route53 get-hosted-zone --id {names.zone_id} --query '[HostedZone.Name,DelegationSet.NameServers]'\n"
            f"dig +short NS {names.site.removeprefix('https://').partition('.')[2]}"
        )
    repository = _repository(names.image)
    if ".dkr.ecr." in names.image:
        name = repository.partition("/")[2]
        registry = repository.partition("/")[0]
        yield (
            "The backend's image is in its repository, for the processors of the instances; a tag is pushed once "
            "and never again:"
        )
        yield Command(
            f"aws ecr create-repository --repository-name {name} --image-tag-mutability IMMUTABLE \\\n"
            "  --image-scanning-configuration scanOnPush=true || true\n"
            f"aws ecr get-login-password | docker login --username AWS --password-stdin {registry}\n"
            f"aws ecr describe-images --repository-name {name} --image-ids {_image_id(names.image)} \\\n"
            "  --query 'imageDetails[].imageTags' || {\n"
            f"  docker build --platform linux/{names.processor} --tag {repository}:{_tag(names.image)} SOURCE\n"
            f"  docker push {repository}:{_tag(names.image)}\n}}"
        )


def _state(names: _Names) -> Iterator[str | Command]:
    yield f"This bundle keeps its state {names.backend}."
    if not names.state_is_local:
        yield "The bucket has to be there, versioned and encrypted, before `terraform init`:"
        yield Command(f"aws s3api get-bucket-versioning --bucket {names.state_bucket}")
        return
    # The oldest region takes no word about itself.
    place = (
        f" \\\n    --create-bucket-configuration LocationConstraint={names.region}"
        if names.region != "us-east-1"
        else ""
    )
    yield (
        "A file on one machine has no lock between people, no history and no encryption: production needs a bucket. "
        "Its name is one of a kind in all of AWS:"
    )
    yield Command(
        "aws s3api head-bucket --bucket STATE_BUCKET || \\\n"
        f"  aws s3api create-bucket --bucket STATE_BUCKET{place}\n"
        "aws s3api put-bucket-versioning --bucket STATE_BUCKET --versioning-configuration Status=Enabled\n"
        "aws s3api put-public-access-block --bucket STATE_BUCKET --public-access-block-configuration \\\n"
        "  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true\n"
        "aws s3api put-bucket-encryption --bucket STATE_BUCKET --server-side-encryption-configuration \\\n"
        '  \'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"},"BucketKeyEnabled":true}]}\''
    )
    yield (
        "Terraform reads files whose names end in `_override.tf` last, and takes what they say. This one moves the "
        "state, now or later, with its lock beside it (Terraform 1.10 or newer, or OpenTofu 1.10 or newer):"
    )
    yield Command(
        "cat >backend_override.tf <<'END'\n"
        'terraform {\n  backend "s3" {\n    bucket       = "STATE_BUCKET"\n'
        f'    key          = "{names.account_stack}/terraform.tfstate"\n    region       = "{names.region}"\n'
        "    encrypt      = true\n    use_lockfile = true\n  }\n}\nEND\n"
        "terraform init -migrate-state"
    )


def _first_apply(names: _Names) -> Iterator[str | Command]:
    yield (
        "Needed: Terraform 1.6 or newer, or OpenTofu 1.6 or newer (then read `tofu` for `terraform`); the AWS "
        "command line for what is not Terraform's; credentials of the right account; the hosted zone of the "
        f"public name, and the backend's image in its registry. The state is kept {names.backend}."
    )
    yield (
        "Initialize. Terraform writes `.terraform.lock.hcl` with the provider's checksums: keep it under version "
        "control, beside these files."
    )
    yield Command("terraform init\nterraform plan -out=first.tfplan")
    yield (
        "Read the plan: it only adds. A name of the examples that still stands ends it here. Then apply exactly that "
        "plan; it takes some 20 to 30 minutes and ends when the first instances serve."
    )
    yield Command("terraform apply first.tfplan\nterraform output")
    yield (
        "If it ends with `timeout while waiting for capacity`, everything stands but the backend is not healthy: see "
        "*A deploy that fails*. The group is marked as tainted then; keep it, and plan again:"
    )
    yield Command("terraform untaint aws_autoscaling_group.backend\nterraform plan -out=again.tfplan")
    yield "The backend serves, through the load balancer and through CloudFront; every target is `healthy`:"
    yield Command(
        'aws elbv2 describe-target-health --target-group-arn "$(terraform output -raw target_group_arn)" \\\n'
        "  --query 'TargetHealthDescriptions[].[Target.Id,TargetHealth.State,TargetHealth.Reason]' --output table\n"
        f"curl --fail --silent --show-error {names.site}/api/PATH_THAT_READS_DATABASE_AND_CACHE"
    )
    yield "Logs arrive; the first ones after some ten minutes. A bucket that refuses them is told by nobody:"
    yield Command(
        'aws s3 ls --recursive "s3://$(terraform output -raw logs_bucket)/" | head\n'
        + _lines(names, "backend", 10)
    )
    yield "A password that changes is taken up without a restart. Once, now, while nobody minds:"
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {names.database} \\\n"
        "  --rotate-master-user-password --apply-immediately"
    )
    if names.emails:
        yield "Each address of the alarms gets an e-mail from SNS: nothing is sent to it until its link is followed."
    else:
        yield "Nobody is told of alarms yet: subscribe to the topic, and follow the link in the e-mail."
        yield Command(
            'aws sns subscribe --topic-arn "$(terraform output -raw alarms_topic_arn)" \\\n'
            "  --protocol email --notification-endpoint ops@example.com"
        )
    yield "See that an alarm reaches you:"
    yield Command(
        f"aws cloudwatch set-alarm-state --alarm-name {names.alarms[0][0]} --state-value ALARM --state-reason test"
    )
    yield "Then put the frontend in place: *Release the frontend*."


def _application_role(names: _Names) -> Iterator[str | Command]:
    if names.application_user:
        yield (
            f"The backend signs in as `{names.application_user}` with IAM tokens, and owns nothing. The role has to be "
            "made by the owner, before the first deploy that uses it:"
        )
    else:
        yield (
            f"The backend is `{names.database_user}`, the owner of the database, whose password RDS changes every "
            f"seven "
            "days. An application needs less: a role that reads and writes rows, signs in with IAM tokens and has no "
            "password. Migrations stay with the owner. Make it, then set `database.application_user` in the settings "
            "and take the new bundle:"
        )
    user = names.application_user or "shop"
    yield Command(_shell_on_instance(names))
    yield "On the instance, with the owner's password from the secret:"
    yield Command(
        "sudo dnf install --assumeyes postgresql15\n"
        'told() { sudo sed -n "s/^$1=//p" /etc/cloudmart/backend.env; }\n'
        'psql --set=ON_ERROR_STOP=1 "host=$(told DATABASE_HOST) dbname=$(told DATABASE_NAME) '
        f"user={names.database_user} sslmode=verify-full sslrootcert=$(told DATABASE_SSLROOTCERT)\" <<'END'\n"
        f"SELECT 'CREATE ROLE {user} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') \\gexec\n"
        + "\n".join((f"GRANT rds_iam TO {user};", *contract.rights(user), "END"))
    )
    yield (
        "Schema migrations run as the owner, from an instance and before the deploy that needs them. They only add: "
        "while instances are exchanged, the image before and the new one work on the same tables."
    )


def _deploy(names: _Names) -> Iterator[str | Command]:
    repository = _repository(names.image)
    yield (
        "A deploy is a new tag. It stands in a file, so that the next plan knows it too. Instances are exchanged step "
        "by step: new ones come first, and an old one goes when a new one is healthy."
    )
    yield Command(
        f"echo 'backend_image = \"{repository}:NEW_TAG\"' >image.auto.tfvars\n"
        "terraform plan -out=deploy.tfplan\nterraform apply deploy.tfplan"
    )
    yield (
        "The plan changes `aws_launch_template.backend` and `aws_autoscaling_group.backend`, and nothing else. The "
        "apply "
        "does not wait for the exchange; watch it until it is `Successful`, some five to ten minutes for two instances:"
    )
    yield Command(
        f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {names.group} --max-records 1 \\\n"
        "  --query 'InstanceRefreshes[0].[Status,PercentageComplete,StatusReason]'\n"
        'aws elbv2 describe-target-health --target-group-arn "$(terraform output -raw target_group_arn)" \\\n'
        "  --query 'TargetHealthDescriptions[].[Target.Id,TargetHealth.State,TargetHealth.Reason]' --output table"
    )
    yield "If no refresh has started (the apply was interrupted), start it; what is new already is left alone:"
    yield Command(
        f"aws autoscaling start-instance-refresh --auto-scaling-group-name {names.group} \\\n"
        "  --preferences MinHealthyPercentage=90,MaxHealthyPercentage=150,SkipMatching=true"
    )


def _failed_deploy(names: _Names) -> Iterator[str | Command]:
    repository = _repository(names.image)
    yield (
        "New instances do not become healthy. The old ones serve on: the refresh takes none away without a healthy one "
        "in its place. It is not rolled back by itself: the group has the new template by then, so that a rollback of "
        "AWS's would lead to the same. See why:"
    )
    yield Command(
        f"aws autoscaling describe-scaling-activities --auto-scaling-group-name {names.group} --max-items 5 \\\n"
        "  --query 'Activities[].[StatusCode,StatusMessage,Cause]'\n"
        + _lines(names, "backend-hosts", 30)
        + "\n"
        + _lines(names, "backend", 30)
    )
    yield (
        "The way back is the deploy of the tag before. The provider ends the refresh that is under way and starts "
        "another:"
    )
    yield Command(
        f"echo 'backend_image = \"{repository}:EARLIER_TAG\"' >image.auto.tfvars\n"
        "terraform plan -out=back.tfplan\nterraform apply back.tfplan\n"
        f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {names.group} --max-records 2 \\\n"
        "  --query 'InstanceRefreshes[].[Status,StatusReason]'"
    )
    yield (
        "`no basic auth credentials` or `AccessDenied` in the hosts' log: the image's account, region or repository is "
        "another one, and its repository's policy does not let this account in. `exec format error`: the image is for "
        "another processor."
    )


def _patch(names: _Names) -> Iterator[str | Command]:
    yield (
        "All instances run the machine image that was the newest when it was looked up; it stands in the state. A "
        "newer "
        "one of AWS's changes no plan, and patches nothing that runs. Once a month, or when AWS publishes something "
        "serious (`ALAS`), look it up again; the group exchanges its instances as in a deploy:"
    )
    yield Command(
        "terraform state show terraform_data.backend_ami\n"
        "terraform plan -replace=terraform_data.backend_ami -out=patch.tfplan\nterraform apply patch.tfplan\n"
        f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {names.group} --max-records 1"
    )
    yield (
        "The way back: `backend.ami` in the settings holds the group to one image. There is also where a baked image "
        "goes: one with docker, the credential helper, the CloudWatch agent and the backend's image in it starts "
        "without package mirror and registry, in a third of the time."
    )


def _frontend(names: _Names) -> Iterator[str | Command]:
    yield (
        "`DIST` is the folder that the build wrote. Files with a hash in their name first, "
        "kept by browsers for a year; then `index.html`, which names them and "
        "is "
        "asked for each time. Nothing is deleted on the way: a page that is open somewhere still asks for the files of "
        "the release before, and would get 403."
    )
    yield Command(
        'BUCKET="s3://$(terraform output -raw frontend_bucket)"\n'
        'aws s3 sync DIST "$BUCKET" --exclude index.html \\\n'
        "  --cache-control 'public, max-age=31536000, immutable'\n"
        'aws s3 cp DIST/index.html "$BUCKET/index.html" --cache-control no-cache\n'
        'aws cloudfront create-invalidation --distribution-id "$(terraform output -raw distribution_id)" \\\n'
        "  --paths / /index.html\n"
        f"curl --fail --silent --show-error --output /dev/null {names.site} && echo it answers"
    )
    yield "The way back is the same with the release before. Weeks later, take away what no release names any more:"
    yield Command('aws s3 sync DIST "$BUCKET" --delete --dryrun')


def _day_two(names: _Names) -> Iterator[str | Command]:
    yield "Every change is a plan that somebody read. A plan that replaces or destroys a store is never routine."
    yield Command(
        "terraform plan -out=change.tfplan\nterraform show change.tfplan\nterraform apply change.tfplan"
    )
    yield (
        "Change the number of instances for an hour (the configuration leaves the desired number to the group). The "
        "database bears the connections of `max_size` instances and no more; more than that needs a larger class first:"
    )
    yield Command(
        f"aws autoscaling set-desired-capacity --auto-scaling-group-name {names.group} \\\n"
        f"  --desired-capacity {names.group_max}"
    )
    yield "See what was changed behind Terraform's back, without changing anything:"
    yield Command("terraform plan -refresh-only")
    yield (
        "Another instance class: change `database.instance_class` in the settings, since the connections and the pools "
        "follow from it, and take the new bundle. It waits for the maintenance window, and the new number of "
        "connections for the start that comes with it:"
    )
    yield Command(
        "terraform plan -out=class.tfplan && terraform apply class.tfplan\n"
        f"aws rds describe-db-instances --db-instance-identifier {names.database} \\\n"
        "  --query 'DBInstances[0].[PendingModifiedValues,DBParameterGroups]'"
    )
    yield (
        "Another `database.max_connections` alone brings no start with it: where the last command says "
        "`pending-reboot`, the database keeps the old number, while the pools are made for the new one, until it is "
        f"started again without a failover: `aws rds reboot-db-instance --db-instance-identifier {names.database}`. "
        "It is away for a minute or two."
    )
    yield "Somebody's run died and left the state locked: make sure that nobody works, then take its lock away."
    yield Command("terraform force-unlock LOCK_ID")


def _upgrade_database(names: _Names) -> Iterator[str | Command]:
    yield (
        "Minor versions come by themselves in the maintenance window; the configuration names the major version alone, "
        "so no plan goes back. With Multi-AZ that is one failover. To have one sooner:"
    )
    yield Command(
        f"aws rds describe-db-engine-versions --engine postgres --query 'DBEngineVersions[].EngineVersion'\n"
        f"aws rds describe-pending-maintenance-actions --query 'PendingMaintenanceActions'\n"
        f"aws rds modify-db-instance --db-instance-identifier {names.database} --engine-version MINOR_VERSION \\\n"
        "  --apply-immediately"
    )
    yield (
        "A major version is a project: try it on a copy (*Restore from a snapshot* up to the exchange of names), then "
        "set `database.engine_version` in the settings and take the new bundle, which brings a parameter group of the "
        "new family. In `database.tf` set `allow_major_version_upgrade` and `apply_immediately` to `true` for this one "
        "plan, so that Terraform makes the new group before the upgrade and takes the old one away after it. The "
        "database is away for some ten minutes, and goes back only by a restore:"
    )
    yield Command(
        f"aws rds wait db-instance-available --db-instance-identifier {names.database}\n"
        f"BEFORE={names.database}-before-{_STAMP}\n"
        f"aws rds create-db-snapshot --db-instance-identifier {names.database} \\\n"
        f'  --db-snapshot-identifier "$BEFORE"\n'
        'aws rds wait db-snapshot-completed --db-snapshot-identifier "$BEFORE"\n'
        "terraform plan -out=major.tfplan && terraform show major.tfplan\nterraform apply major.tfplan\n"
        f"aws rds wait db-instance-available --db-instance-identifier {names.database}"
    )
    yield (
        "AWS supports a major version for some five years. Afterwards "
        + (
            "this database is upgraded by AWS in a maintenance window: upgrade it before, on a day of your own."
            if names.database_support.endswith("disabled")
            else "this database stays on it for a fee (Extended Support)."
        )
    )


def _upgrade_cache(names: _Names) -> Iterator[str | Command]:
    yield (
        "ElastiCache moves to newer minor versions by itself, and the configuration does not hold it back: "
        "`engine_version` is ignored once the cache stands. To have one sooner (replicas first, then a failover):"
    )
    yield Command(
        f"aws elasticache describe-cache-engine-versions --engine redis --query 'CacheEngineVersions[].EngineVersion'\n"
        f"aws elasticache modify-replication-group --replication-group-id {names.cache} \\\n"
        "  --engine-version NEWER_VERSION --apply-immediately\n"
        # The CLI's own waiter gives up after ten minutes.
        'until [ available = "$(aws elasticache describe-replication-groups \\\n'
        f"  --replication-group-id {names.cache} --query 'ReplicationGroups[0].Status' --output text)\" ]; do\n"
        "  sleep 30\ndone\nterraform plan"
    )
    yield "There is no way back but a new cache from a snapshot: *Restore the cache*."


def _upgrade_provider() -> Iterator[str | Command]:
    yield (
        "The lock file holds the provider. A newer one is a change like any other: its plan says what it sees "
        "otherwise."
    )
    yield Command(
        "terraform init -upgrade\nterraform plan -out=provider.tfplan\nterraform show provider.tfplan"
    )
    yield (
        "Do not stay below the releases of March 2026: up to then a change of the path of CloudFront's logs "
        "(`aws_cloudwatch_log_delivery.cdn`) loses the part of it that the bucket's policy asks for, and the logs stop "
        "without a word (hashicorp/terraform-provider-aws 46328). A new `terraform init` takes the newest release."
    )


def _restore(names: _Names, *, point_in_time: bool) -> Iterator[str | Command]:
    source = names.database
    target = f"{source}-restored"
    multi = "--multi-az" if names.database_multi_az else "--no-multi-az"
    yield (
        "RDS restores into a new instance and never over one that stands. The new one is made beside the old, checked, "
        "and takes the old one's name; its endpoint follows the name. Its password is a new one in a new secret, which "
        "the backend has to be told. Without service: from the exchange of names until the backend is told, some "
        "five to "
        "ten minutes; in all, an hour. Rehearse it every quarter, up to the exchange."
    )
    if point_in_time:
        yield "To which moments can it be restored? The latest is some five minutes ago:"
        yield Command(
            f"aws rds describe-db-instances --db-instance-identifier {source} \\\n"
            "  --query 'DBInstances[0].LatestRestorableTime'"
        )
    else:
        yield (
            "Which snapshots are there, RDS's own and AWS Backup's? One from before an upgrade to another major "
            "version needs the bundle of then: this one's parameter group is of another family, and its apply would "
            "be the upgrade once more."
        )
        yield Command(
            f"aws rds describe-db-snapshots --db-instance-identifier {source} \\\n"
            "  --query 'sort_by(DBSnapshots,&SnapshotCreateTime)[].[DBSnapshotIdentifier,SnapshotCreateTime]' \\\n"
            "  --output table\n"
            f"aws backup list-recovery-points-by-backup-vault --backup-vault-name {names.vault} \\\n"
            "  --query 'RecoveryPoints[].[RecoveryPointArn,CreationDate]' --output table"
        )
    yield "What the new instance needs from the old one:"
    yield Command(
        "GROUP=$(aws ec2 describe-security-groups "
        f"--filters Name=group-name,Values={names.database_group} --query 'SecurityGroups[0].GroupId' --output text)\n"
        f"PARAMETERS=$(aws rds describe-db-instances --db-instance-identifier {source} "
        "--query 'DBInstances[0].DBParameterGroups[0].DBParameterGroupName' --output text)"
    )
    yield (
        "Restore. It stays encrypted with the same key, and its password is RDS's from the start. Its logs come with "
        "the apply below, under the final name: on its own RDS would make log groups without key and retention."
    )
    how = (
        f"aws rds restore-db-instance-to-point-in-time \\\n  --source-db-instance-identifier {source} \\\n"
        f"  --target-db-instance-identifier {target} --restore-time 2026-01-31T03:15:00Z \\\n"
        if point_in_time
        else "aws rds restore-db-instance-from-db-snapshot \\\n  --db-snapshot-identifier SNAPSHOT \\\n"
        f"  --db-instance-identifier {target} \\\n"
    )
    yield Command(
        f"{how}  --db-instance-class {names.database_class} {multi} --no-publicly-accessible --deletion-protection \\\n"
        f'  --db-subnet-group-name {names.database_subnets} --vpc-security-group-ids "$GROUP" \\\n'
        f'  --db-parameter-group-name "$PARAMETERS" --enable-iam-database-authentication \\\n'
        f"  --engine-lifecycle-support {names.database_support} --copy-tags-to-snapshot \\\n"
        f"  --manage-master-user-password --master-user-secret-kms-key-id {names.database_key}\n"
        f"aws rds wait db-instance-available --db-instance-identifier {target}"
    )
    yield (
        "An AWS CLI older than that of 2025 does not know the last line's options; then they are given afterwards, to "
        "`aws rds modify-db-instance` with `--apply-immediately`. Look at the data, from an instance of the backend "
        "(*An application role in the database* has the way in):"
    )
    yield Command(_shell_on_instance(names))
    if names.application_user:
        yield (
            "The backend signs in with IAM, for which the new instance has another id. Let the role in, beside the "
            "old:"
        )
        yield Command(
            f"RESOURCE=$(aws rds describe-db-instances --db-instance-identifier {target} \\\n"
            "  --query 'DBInstances[0].DbiResourceId' --output text)\n"
            "ACCOUNT=$(aws sts get-caller-identity --query Account --output text)\n"
            + _grant(
                names,
                "rds-db:connect",
                f"arn:aws:rds-db:{names.region}:$ACCOUNT:dbuser:$RESOURCE/{names.application_user}",
            )
        )
    else:
        yield "Before anything is exchanged, let the backend's role read the new secret too, beside the old:"
        yield Command(
            f"SECRET=$(aws rds describe-db-instances --db-instance-identifier {target} \\\n"
            "  --query 'DBInstances[0].MasterUserSecret.SecretArn' --output text)\n"
            + _grant(names, "secretsmanager:GetSecretValue", "$SECRET")
        )
    yield "While the database is away every instance fails its health check. Keep the group from replacing them all:"
    yield Command(_unminded(names))
    yield (
        "Exchange the names. An instance goes by its old name until it has been restarted, and the new one is not "
        "known before. From here the backend has no database:"
    )
    yield Command("\n".join((*_renamed(source, f"{source}-old"), *_renamed(target, source))))
    if not names.application_user:
        yield "Tell the running instances the new secret. From here the backend serves again:"
        yield Command(
            "aws ssm send-command --document-name AWS-RunShellScript \\\n"
            f"  --targets Key=tag:aws:autoscaling:groupName,Values={names.group} --parameters \\\n"
            "  'commands=[\"sed -i s#^DATABASE_SECRET_ARN=.*#DATABASE_SECRET_ARN='\"$SECRET\"'# "
            '/etc/cloudmart/backend.env","systemctl restart cloudmart-backend"]\''
        )
    yield (
        "Tell Terraform which instance is the database now. The plan changes settings in place, and the launch "
        "template, whose user data names the new secret; it must not replace `aws_db_instance.main`. The group then "
        "exchanges its instances as in a deploy."
    )
    yield Command(
        f"terraform state pull >state-before-restore-{_STAMP}.json\n"
        "terraform state rm aws_db_instance.main\n"
        f"terraform import aws_db_instance.main {source}\n"
        "terraform plan -out=restored.tfplan && terraform show restored.tfplan\nterraform apply restored.tfplan\n"
        f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {names.group} --max-records 1"
    )
    yield "When the refresh is `Successful`, the group minds its instances again, and what was let in beside goes:"
    yield Command(
        f"aws autoscaling resume-processes --auto-scaling-group-name {names.group}\n"
        f"aws iam delete-role-policy --role-name {names.role} --policy-name restore"
    )
    yield (
        "Keep the old instance until nobody misses anything; then, with a last snapshot, let it go. Its automated "
        "backups stay until their time is over:"
    )
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {source}-old \\\n"
        "  --no-deletion-protection --apply-immediately\n"
        f"aws rds delete-db-instance --db-instance-identifier {source}-old \\\n"
        f"  --final-db-snapshot-identifier {source}-old-{_STAMP} --no-delete-automated-backups\n"
        f"aws rds wait db-instance-deleted --db-instance-identifier {source}-old"
    )


def _renamed(old: str, new: str) -> Iterator[str]:
    yield f"aws rds modify-db-instance --db-instance-identifier {old} \\"
    yield f"  --new-db-instance-identifier {new} --apply-immediately"
    # The waiter takes a name that is not known yet for a failure: https://github.com/aws/aws-sdk/issues/421
    yield f"until aws rds describe-db-instances --db-instance-identifier {new} >/dev/null; do sleep 15; done"
    yield f"aws rds wait db-instance-available --db-instance-identifier {new}"


def _unminded(names: _Names) -> str:
    return (
        f"aws autoscaling suspend-processes --auto-scaling-group-name {names.group} \\\n"
        "  --scaling-processes HealthCheck ReplaceUnhealthy AlarmNotification AZRebalance"
    )


def _lines(names: _Names, group: str, minutes: int) -> str:
    """A command for the last lines of a log group, of either version of the AWS CLI."""
    return (
        f"aws logs filter-log-events --log-group-name /{names.account_stack}/{group} \\\n"
        f"  --start-time \"$(( ($(date +%s) - {minutes * 60}) * 1000 ))\" --query 'events[].message' --output text"
    )


def _grant(names: _Names, action: str, resource: str) -> str:
    document = (
        '{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",'
        f'\\"Action\\":\\"{action}\\",\\"Resource\\":\\"{resource}\\"}}]}}'
    )
    return (
        f"aws iam put-role-policy --role-name {names.role} --policy-name restore \\\n"
        f'  --policy-document "{document}"'
    )


def _shell_on_instance(names: _Names) -> str:
    return (
        f"INSTANCE=$(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {names.group} "
        "--query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)\n"
        'aws ssm start-session --target "$INSTANCE"'
    )


def _tag(image: str) -> str:
    """An image's tag; where it is named by its digest, a word to fill in."""
    return "TAG" if "@" in image else image.rpartition(":")[2]


def _image_id(image: str) -> str:
    return f"imageDigest={image.partition('@')[2]}" if "@" in image else f"imageTag={_tag(image)}"


def _repository(image: str) -> str:
    """An image's name without its tag or digest."""
    return re.sub(r"(:[^:/@]+|@sha256:[0-9a-f]+)$", "", image)


def _restore_cache(names: _Names) -> Iterator[str | Command]:
    yield (
        "The cache holds nothing that cannot be made again, sessions apart: an empty one is the usual answer. Its "
        "snapshots are for a group that was deleted, or that keeps more. A snapshot becomes a new group, so the old "
        "one goes first, or the new one takes another name and `backend.environment` leads there:"
    )
    yield Command(
        f"aws elasticache describe-snapshots --replication-group-id {names.cache} \\\n"
        "  --query 'Snapshots[].[SnapshotName,NodeSnapshots[0].SnapshotCreateTime]' --output table"
    )
    yield (
        "Name the snapshot in `cache.tf`, as `snapshot_name`, for this one plan, and replace the group with it. "
        "The backend has no cache meanwhile, some ten to fifteen minutes; the group is kept from replacing all of its "
        "instances for that. Afterwards the line may go: the configuration ignores it once the cache stands."
    )
    yield Command(
        "terraform plan -replace=aws_elasticache_replication_group.main -out=cache.tfplan\n"
        f"terraform show cache.tfplan\n{_unminded(names)}\nterraform apply cache.tfplan\n"
        f"aws autoscaling resume-processes --auto-scaling-group-name {names.group}"
    )


def _drill(names: _Names) -> Iterator[str | Command]:
    yield (
        "Announce it. Measure from outside, so that the time without service is what customers see; the aim is one "
        "to two minutes, and no committed row lost. In a second terminal:"
    )
    yield Command(
        f"URL={names.site}/api/PATH_THAT_READS_THE_DATABASE\n"
        "while sleep 1; do\n"
        '  printf \'%s %s\\n\' "$(date -u +%T)" "$(curl --silent --output /dev/null --max-time 2 \\\n'
        '    --write-out \'%{http_code}\' "$URL")"\n'
        "done | tee drill.log"
    )
    if names.drill:
        yield (
            f"With AWS Fault Injection Service: cuts {names.zones[0]} off, and stops by itself when no instance is "
            "healthy any more, or too many requests fail. Where is the database's primary? If it is in another zone, "
            "the experiment leaves it alone; fail it over by hand first, to try that too:"
        )
        yield Command(
            f"aws rds describe-db-instances --db-instance-identifier {names.database} \\\n"
            "  --query 'DBInstances[0].[AvailabilityZone,SecondaryAvailabilityZone]'"
        )
        yield Command(
            "EXPERIMENT=$(aws fis start-experiment --query experiment.id --output text \\\n"
            '  --experiment-template-id "$(terraform output -raw az_loss_experiment_id)")\n'
            'aws fis get-experiment --id "$EXPERIMENT" --query experiment.state\n'
            'aws fis stop-experiment --id "$EXPERIMENT"'
        )
    by_hand = []
    if names.database_multi_az:
        by_hand.append(
            f"aws rds reboot-db-instance --db-instance-identifier {names.database} --force-failover\n"
            f"aws rds wait db-instance-available --db-instance-identifier {names.database}"
        )
    if names.cache_several:
        by_hand.append(
            f"aws elasticache test-failover --replication-group-id {names.cache} --node-group-id 0001\n"
            f"aws elasticache wait replication-group-available --replication-group-id {names.cache}"
        )
    by_hand.append(
        f"INSTANCE=$(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {names.group} \\\n"
        "  --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)\n"
        'aws ec2 terminate-instances --instance-ids "$INSTANCE"'
    )
    yield "By hand, one part at a time:"
    yield Command("\n".join(by_hand))
    if not names.database_multi_az:
        yield "This database has no standby (`multi_az` is off): there is no failover to try, only a restore."
    yield "What happened, in AWS's own words:"
    yield Command(
        f"aws rds describe-events --source-type db-instance --source-identifier {names.database} --duration 60\n"
        f"aws elasticache describe-events --source-type replication-group \\\n"
        f"  --source-identifier {names.cache} --duration 60"
    )


def _rotate(names: _Names) -> Iterator[str | Command]:
    yield (
        f"RDS keeps the password of `{names.database_user}` in Secrets Manager and changes it every seven days by "
        "itself. The backend reads the secret when it connects, so nothing has to be restarted. To change it now:"
    )
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {names.database} \\\n"
        "  --rotate-master-user-password --apply-immediately\n"
        'aws secretsmanager describe-secret --secret-id "$(terraform output -raw database_secret_arn)" \\\n'
        "  --query LastRotatedDate"
    )
    yield "The KMS keys change their material every year by themselves; what is encrypted stays readable."


def _leave_zone(names: _Names) -> Iterator[str | Command]:
    zone = names.zones[0]
    yield (
        f"A zone answers slowly or with errors, and AWS has not said so yet. Take {zone} out of the stack; nothing "
        "is lost. The database first and then the cache, each only if its primary is there (a failover would lead "
        "into the zone otherwise), then the instances:"
    )
    by_hand = []
    if names.database_multi_az:
        by_hand.append(
            f"PRIMARY=$(aws rds describe-db-instances --db-instance-identifier {names.database} \\\n"
            "  --query 'DBInstances[0].AvailabilityZone' --output text)\n"
            f'[ "$PRIMARY" != {zone} ] || \\\n'
            f"  aws rds reboot-db-instance --db-instance-identifier {names.database} --force-failover\n"
            f"aws rds wait db-instance-available --db-instance-identifier {names.database}"
        )
    if names.cache_several:
        by_hand.append(
            f"PRIMARY=$(aws elasticache describe-replication-groups --replication-group-id {names.cache} \\\n"
            "  --output text --query \"ReplicationGroups[0].NodeGroups[0].NodeGroupMembers[?CurrentRole=='primary']"
            '.PreferredAvailabilityZone")\n'
            f'[ "$PRIMARY" != {zone} ] || \\\n'
            f"  aws elasticache test-failover --replication-group-id {names.cache} --node-group-id 0001\n"
            f"aws elasticache wait replication-group-available --replication-group-id {names.cache}"
        )
    by_hand.append(
        "OTHERS=$(aws ec2 describe-subnets --filters Name=tag:Tier,Values=private \\\n"
        f'  "Name=vpc-id,Values=$(terraform output -raw vpc_id)" \\\n'
        f"  --query \"Subnets[?AvailabilityZone!='{zone}'].SubnetId\" --output text | tr '\\t' ',')\n"
        f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {names.group} \\\n"
        '  --vpc-zone-identifier "$OTHERS"'
    )
    yield Command("\n".join(by_hand))
    yield "When the zone is well again, the next apply puts the group back over all of them:"
    yield Command("terraform plan -out=zones.tfplan && terraform apply zones.tfplan")


def _lose_region(names: _Names) -> Iterator[str | Command]:
    if names.copy_region:
        yield (
            f"Every recovery point has a copy in {names.copy_region}: at most a day is lost. There the stack is built "
            "anew from the same settings with another `region` and `network`, and the database restored from the copy; "
            "a few hours in all. Rehearse it once a year."
        )
        yield Command(
            f"aws backup list-recovery-points-by-backup-vault --region {names.copy_region} \\\n"
            f"  --backup-vault-name {names.vault} --query 'RecoveryPoints[].[RecoveryPointArn,CreationDate]' "
            f"--output table"
        )
    else:
        yield (
            "Nothing of this stack is kept in another region: a region that is lost takes database and backups with "
            "it. "
            "`backup.copy_region` in the settings has every recovery point copied; `backup.lock` keeps even an "
            "administrator from deleting them."
        )
    yield (
        "CloudFront, the certificate for it and Route 53 do not live in the region; the public name moves with one "
        "apply "
        "of the new stack, once the old records are let go."
    )


def _firewall(names: _Names) -> Iterator[str | Command]:
    if not names.acls:
        yield "This environment has no web ACL (`load_balancer.waf` is off)."
        return
    yield (
        "A customer gets 403 that the backend never saw. Which rule was it? The logs say (authorization and cookies "
        "are "
        "left out of them):"
    )
    yield Command(
        "QUERY=$(aws logs start-query --region us-east-1 --query queryId --output text \\\n"
        f"  --log-group-name aws-waf-logs-{names.account_stack}-cdn \\\n"
        '  --start-time "$(( $(date +%s) - 3600 ))" --end-time "$(date +%s)" --query-string \\\n'
        '  \'filter action = "BLOCK" | stats count(*) by terminatingRuleId, ruleGroupList.0.terminatingRule.ruleId, '
        "httpRequest.uri')\n"
        'sleep 10\naws logs get-query-results --region us-east-1 --query-id "$QUERY"'
    )
    yield (
        "A rule of AWS's that is wrong for this shop only counts once its name stands in `waf.count` in the "
        "settings. A "
        "new bundle brings it to both ACLs; until then, the same by hand is undone by the next apply. Bodies above 8 "
        "KB "
        "are refused everywhere but below `/api/`; `waf.requests_per_five_minutes` is the limit of one address."
    )
    yield "Whether a rule would have refused something before it is switched on again:"
    _, scope = names.acls[0]
    yield Command(
        f"aws wafv2 list-web-acls --scope {scope}"
        + (" --region us-east-1" if scope == "CLOUDFRONT" else "")
        + " --query 'WebACLs[].[Name,ARN]' --output table\n"
        "aws wafv2 get-sampled-requests --web-acl-arn WEB_ACL_ARN --rule-metric-name AWSManagedRulesCommonRuleSet \\\n"
        f"  --scope {scope} --max-items 50 \\\n"
        '  --time-window "StartTime=$(( $(date +%s) - 3600 )),EndTime=$(date +%s)"'
        + (" --region us-east-1" if scope == "CLOUDFRONT" else "")
    )


def _logs(names: _Names) -> Iterator[str | Command]:
    yield "What there is, by log group: " + ", ".join(f"`{one}`" for one in names.log_groups) + "."
    yield Command(
        _lines(names, "backend", 10)
        + "\n"
        + _lines(names, "backend-hosts", 60)
        + "\n"
        + "QUERY=$(aws logs start-query --query queryId --output text \\\n"
        f"  --log-group-name /{names.account_stack}/backend \\\n"
        '  --start-time "$(( $(date +%s) - 3600 ))" --end-time "$(date +%s)" \\\n'
        "  --query-string 'fields @timestamp, @message | filter @message like /rror/ | sort @timestamp desc "
        "| limit 50')\n"
        'sleep 10\naws logs get-query-results --query-id "$QUERY"'
    )
    yield (
        "There is no SSH. Session Manager opens a shell for whoever may `ssm:StartSession`, with the AWS CLI's "
        "session-manager-plugin on their machine:"
    )
    yield Command(_shell_on_instance(names))


# What to do when an alarm goes off, by the metric that it watches.
ACTIONS = {
    "HTTPCode_ELB_5XX_Count": "no target answered, or one closed the connection: look at the targets' health, then at "
    "the backend's log; 502 in bursts: its keep-alive is shorter than the load balancer's idle time-out",
    "HTTPCode_Target_5XX_Count": "the backend's log has the errors; since a deploy: *A deploy that fails*",
    "UnHealthyHostCount": "the target's reason code, then *Logs, and a shell on an instance*; the group replaces it",
    "HealthyHostCount": "nobody is served: targets' health, database and cache first, then *A deploy that fails*",
    "TargetResponseTime": "Performance Insights shows the slow statements; the log has those above a second",
    "GroupInServiceInstances": "a rush or a leak: requests a target, then `backend.max` and the database's class "
    "together",
    "CPUUtilization": "Performance Insights: a missing index, or a class that is too small",
    "FreeableMemory": "too many connections or too small a class: `database.instance_class`",
    "CPUCreditBalance": "the class bursts all the time, which is charged: one without bursts (`db.m`) is cheaper then",
    "FreeStorageSpace": "storage grows by itself up to `database.max_storage_gb`: raise that; find what grows",
    "DatabaseConnections": "pools that leak or too many instances: `pg_stat_activity` says whose; never raise the pool "
    "without the class",
    "EngineCPUUtilization": "one slow command blocks all (`/cache/slow-log` names it), or the node is too small",
    "AuthenticationFailures": "tokens that are too old (15 minutes) or of the wrong user: the backend's log",
    "DatabaseMemoryUsagePercentage": "a larger node, shorter lives of entries, or a policy that evicts",
    "Evictions": "a larger node, or shorter lives of entries",
    "ReplicationLag": "writes in bursts, or a node that is too small; a failover now loses that much",
    "ErrorPortAllocation": "55,000 connections to one address: the backend opens them anew for each request; keep them",
    "BlockedRequests": "*A request that the firewall refuses*",
}
_HAPPENED = {
    "backup-failed": "`aws backup list-backup-jobs --by-state FAILED` has the reason; start it again by hand",
    "deploy-failed": "*A deploy that fails*",
    "database-event": "a failover is over when you read this: see that the backend is connected; low storage: raise "
    "`database.max_storage_gb`",
    "certificate-expires": "the validation's record is gone from the hosted zone: the next apply puts it back",
    "key-deletion": "if nobody meant it: `aws kms cancel-key-deletion --key-id KEY` and `aws kms enable-key`, within "
    "the waiting time",
}


def _alarms(names: _Names) -> Iterator[str | Command]:
    yield "Which are there, and what went before:"
    yield Command(
        "aws cloudwatch describe-alarms --state-value ALARM --query 'MetricAlarms[].[AlarmName,StateReason]'\n"
        f"aws cloudwatch describe-alarm-history --alarm-name {names.alarms[0][0]} --max-records 10"
    )
    for name, metric, why in names.alarms:
        yield f"`{name}` — {why} What to do: {ACTIONS[metric]}."
    for name, why in names.events:
        yield f"`{name}` — {why} What to do: {_HAPPENED[name.removeprefix(names.account_stack + '-')]}."


def _costs(names: _Names) -> Iterator[str | Command]:
    yield (
        "`pages/costs.html` says what the stack costs standing still. What is above that is use; the usual suspects "
        "are "
        "NAT gateways' data, log intake, and CloudFront's traffic. By service and day:"
    )
    yield Command(
        "aws ce get-cost-and-usage --granularity DAILY --metrics UnblendedCost --group-by "
        "Type=DIMENSION,Key=USAGE_TYPE \\\n"
        '  --time-period "Start=$(date -u -d -7days +%F),End=$(date -u +%F)" \\\n'
        f'  --filter \'{{"Tags":{{"Key":"Environment","Values":["{names.account_stack.rpartition("-")[2]}"]}}}}\''
    )
    yield (
        "`observability.budget_usd` in the settings has the topic told at 80 and 100 per cent, and when it is "
        "foreseen."
    )


def _roll_back(names: _Names) -> Iterator[str | Command]:
    yield "A backend image that does not work: *A deploy that fails*. A frontend: the release before, in the same way."
    yield (
        "A change of the infrastructure: keep the state, plan with the configuration before it, and read what that "
        "would destroy before you apply. Data is not rolled back by Terraform: that is a restore."
    )
    yield Command(
        f"terraform state pull >state-before-rollback-{_STAMP}.json\n"
        "git checkout EARLIER -- .\nterraform plan -out=back.tfplan"
    )


def _new_bundle() -> Iterator[str | Command]:
    yield (
        "A later bundle brings a page of changes, `pages/changes.html`: what it adds, changes, replaces and removes, "
        "told by Terraform. Put its files in the place of these (one that the new bundle no longer has would keep its "
        "resources), keep state, lock file, `*.tfvars` and `*_override.tf`, and compare your own plan with the page."
    )
    yield Command(
        "find . -maxdepth 1 -name '*.tf' ! -name '*_override.tf' -exec rm {} +\n"
        "cp ../../new-bundle/terraform/*.tf .\nterraform init\nterraform plan -out=bundle.tfplan"
    )
    yield (
        "`terraform/` and `terraform-json/` hold the same configuration twice. Work in one of them, and never copy "
        "one into the other: Terraform reads both kinds of files in a folder."
    )


def _destroy(names: _Names) -> Iterator[str | Command]:
    yield "Everything below is for good. Take a copy of the state, and of what the buckets and log groups hold."
    yield Command(f"terraform state pull >state-before-destroy-{_STAMP}.json")
    if names.protected:
        listed = " and ".join(f"`{one}`" for one in names.protected)
        yield f"AWS refuses while deletion protection is on. Set {listed} to `false`, and apply that first:"
        yield Command("terraform apply")
    yield "The cache leaves nothing behind. If its content is wanted:"
    yield Command(
        f"aws elasticache create-snapshot --replication-group-id {names.cache} \\\n"
        f"  --snapshot-name {names.cache}-final-{_STAMP}\n"
        f"aws elasticache wait replication-group-available --replication-group-id {names.cache}"
    )
    yield (
        "First what writes: the backend goes with the database that it waits for, then what writes into the buckets. "
        "CloudFront takes a while to go, and its last logs come up to an hour later:"
    )
    yield Command(
        "terraform destroy -target=aws_db_instance.main -target=aws_cloudfront_distribution.main -target=aws_lb.main"
    )
    if names.final_snapshot:
        yield (
            f"The database leaves a last snapshot behind, `{names.database}-final-…`, another one each time. It is "
            "encrypted with the stack's own key, which goes too and cannot be used from then on. To keep it, copy it "
            "now under a key that stays:"
        )
        yield Command(
            "SNAPSHOT=$(aws rds describe-db-snapshots --snapshot-type manual --output text --query \\\n"
            f"  \"sort_by(DBSnapshots[?starts_with(DBSnapshotIdentifier,'{names.database}-final')],"
            '&SnapshotCreateTime)[-1].DBSnapshotIdentifier")\n'
            'aws rds wait db-snapshot-available --db-snapshot-identifier "$SNAPSHOT"\n'
            f"KEPT={names.database}-kept-{_STAMP}\n"
            'aws rds copy-db-snapshot --source-db-snapshot-identifier "$SNAPSHOT" \\\n'
            '  --target-db-snapshot-identifier "$KEPT" --kms-key-id KEY_THAT_STAYS\n'
            'aws rds wait db-snapshot-available --db-snapshot-identifier "$KEPT"'
        )
    yield "Then the buckets, with earlier versions and the markers of what was deleted:"
    yield Command(
        "for BUCKET in " + " ".join(f'"$(terraform output -raw {name})"' for name in names.buckets) + "; do\n"
        '  aws s3 rm --recursive "s3://$BUCKET"\n'
        '  aws s3api list-object-versions --bucket "$BUCKET" --output text \\\n'
        "    --query '[Versions,DeleteMarkers][][].[VersionId,Key]' | while read -r version key; do\n"
        '      [ "$version" = None ] || \\\n'
        '        aws s3api delete-object --bucket "$BUCKET" --key "$key" --version-id "$version"\n    done\ndone'
    )
    yield (
        "A vault with recovery points stays too."
        + (
            " Its lock keeps them until their time is over: this vault goes only then."
            if names.locked
            else ""
        )
    )
    yield Command(
        f"aws backup list-recovery-points-by-backup-vault --backup-vault-name {names.vault} \\\n"
        "  --query 'RecoveryPoints[].RecoveryPointArn' --output text | tr '\\t' '\\n' | while read -r point; do\n"
        f'    aws backup delete-recovery-point --backup-vault-name {names.vault} --recovery-point-arn "$point"\n  done'
    )
    yield "Then all of it:"
    yield Command(
        "terraform plan -destroy -out=destroy.tfplan\nterraform show destroy.tfplan\nterraform apply destroy.tfplan"
    )
    yield (
        "The KMS keys are deleted 30 days later and cannot be used from now on; until then `aws kms "
        "cancel-key-deletion` "
        "and `aws kms enable-key` save what they encrypt: the last snapshot, and the automated backups that RDS keeps. "
        "The same folder makes a new stack at once: names that were taken are free, and the snapshot's is another."
    )
