"""The runbook: what an operator does, step by step, with the stack's real names in every command.

One text, told twice: as Markdown for a terminal and as HTML beside the other pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from handoff import templates
from handoff.configuration import Json


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
        Section(title, title.lower().replace(",", "").replace(" ", "-"), tuple(steps))
        for title, steps in (
            ("First apply", _first_apply(names)),
            ("Day-two changes", _day_two(names)),
            ("Restore from a snapshot", _restore(names, point_in_time=False)),
            ("Restore to a point in time", _restore(names, point_in_time=True)),
            ("Failover drill", _drill(names)),
            ("Rotate the database password", _rotate(names)),
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


def html(sections: list[Section]) -> str:
    """The runbook as HTML, without a page around it."""
    contents = "".join(f'<li><a href="#{one.anchor}">{escape(one.title)}</a></li>' for one in sections)
    return f'<nav aria-label="Tasks"><ul class="contents">{contents}</ul></nav>' + "".join(
        f'<section id="{one.anchor}"><h2>{escape(one.title)}</h2>'
        + "".join(map(_step, one.steps))
        + "</section>"
        for one in sections
    )


def _step(step: str | Command) -> str:
    if isinstance(step, Command):
        return f'<pre tabindex="0"><code>{escape(step.text)}</code></pre>'
    pieces = escape(step).split("`")
    return "<p>" + "".join(f"<code>{one}</code>" if n % 2 else one for n, one in enumerate(pieces)) + "</p>"


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
    database_logs: tuple[str, ...]
    final_snapshot: str
    protected: tuple[str, ...]
    cache: str
    cache_several: bool
    group: str
    vault: str
    site: str
    image: str
    backend: str
    drill: bool
    emails: bool
    buckets: tuple[str, ...]


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
        database_logs=tuple(database.get("enabled_cloudwatch_logs_exports", ())),
        final_snapshot=database.get("final_snapshot_identifier", ""),
        protected=tuple(protected),
        cache=cache["replication_group_id"],
        cache_several=int(cache.get("num_cache_clusters", 1)) > 1,
        group=one("aws_autoscaling_group")["name"],
        vault=one("aws_backup_vault")["name"],
        site=configuration["output"]["site_url"]["value"],
        image=configuration["variable"]["backend_image"]["default"],
        backend=f"in the bucket {settings['bucket']}"
        if backend == "s3"
        else f"in terraform/{settings['path']}",
        drill="aws_fis_experiment_template" in resources,
        emails="aws_sns_topic_subscription" in resources,
        buckets=tuple(sorted(name for name in configuration["output"] if name.endswith("_bucket"))),
    )


def _followed(configuration: Json, value: str, attribute: str = "") -> str:
    """What a reference such as `${aws_db_subnet_group.main.name}` leads to in the configuration."""
    expression = templates.bare(value) or ""
    terraform_type, name, found = expression.split(".", 2)
    result: Any = configuration["resource"][terraform_type][name].get(attribute or found, expression)
    return str(result)


def _first_apply(names: _Names) -> Iterator[str | Command]:
    yield (
        "Needed: Terraform 1.6 or newer, or OpenTofu 1.6 or newer (then read `tofu` for `terraform`); the AWS "
        "command line for what is not Terraform's; credentials of the right account; the hosted zone of the "
        f"public name, and the backend's image in its registry. The state is kept {names.backend}."
    )
    yield "See that the folder is as it was handed over, and who you are:"
    yield Command(f"sh verify\naws sts get-caller-identity\nexport AWS_REGION={names.region}")
    yield (
        "Initialize. Terraform writes `.terraform.lock.hcl` with the provider's checksums: keep it under version "
        "control, beside these files."
    )
    yield Command("cd terraform\nterraform init\nterraform plan -out=first.tfplan")
    yield "Read the plan: it only adds. Then apply exactly that plan; it takes some 20 to 30 minutes."
    yield Command("terraform apply first.tfplan\nterraform output")
    if names.emails:
        yield "Each address of the alarms gets an e-mail from SNS: nothing is sent to it until its link is followed."
    else:
        yield "Nobody is told of alarms yet: subscribe to the topic."
        yield Command(
            'aws sns subscribe --topic-arn "$(terraform output -raw alarms_topic_arn)" \\\n'
            "  --protocol email --notification-endpoint ops@example.com"
        )
    yield "Put the frontend in place, and see that it answers:"
    yield Command(
        'aws s3 sync ./frontend/dist "s3://$(terraform output -raw frontend_bucket)" --delete\n'
        'aws cloudfront create-invalidation --distribution-id "$(terraform output -raw distribution_id)" --paths "/*"\n'
        f"curl --fail --silent --show-error --output /dev/null {names.site} && echo it answers"
    )


def _day_two(names: _Names) -> Iterator[str | Command]:
    yield "Every change is a plan that somebody read. A plan that replaces or destroys a store is never routine."
    yield Command(
        "cd terraform\nterraform plan -out=change.tfplan\nterraform show change.tfplan\nterraform apply change.tfplan"
    )
    yield "Deploy a backend image; the group replaces its instances step by step and goes back by itself if they fail:"
    yield Command(
        f"terraform apply -var backend_image={names.image.rsplit(':', 1)[0]}:NEW_TAG\n"
        f"aws autoscaling describe-instance-refreshes --auto-scaling-group-name {names.group} --max-records 1"
    )
    yield (
        'Keep the tag for the next plan: put `backend_image = "..."` into `terraform.tfvars` in the same folder. '
        "Change the number of instances for an hour (the configuration leaves the desired number to the group):"
    )
    yield Command(
        f"aws autoscaling set-desired-capacity --auto-scaling-group-name {names.group} --desired-capacity 4"
    )
    yield "See what was changed behind Terraform's back, without changing anything:"
    yield Command("terraform plan -refresh-only")
    yield "Another instance class: change `instance_class` in `database.tf`. It waits for the maintenance window:"
    yield Command(
        "terraform plan -out=class.tfplan && terraform apply class.tfplan\n"
        f"aws rds describe-db-instances --db-instance-identifier {names.database} \\\n"
        "  --query 'DBInstances[0].PendingModifiedValues'"
    )
    yield "Somebody's run died and left the state locked: make sure that nobody works, then take its lock away."
    yield Command("terraform force-unlock LOCK_ID")


def _restore(names: _Names, *, point_in_time: bool) -> Iterator[str | Command]:
    source = names.database
    target = f"{source}-restored"
    multi = "--multi-az" if names.database_multi_az else "--no-multi-az"
    logs = (
        f" \\\n  --enable-cloudwatch-logs-exports {' '.join(names.database_logs)}"
        if names.database_logs
        else ""
    )
    yield (
        "RDS restores into a new instance and never over one that stands. The new one is made beside the old, "
        "checked, and takes the old one's name; its endpoint follows the name, so the backend keeps its settings."
    )
    if point_in_time:
        yield "To which moments can it be restored? The latest is some five minutes ago:"
        yield Command(
            f"aws rds describe-db-instances --db-instance-identifier {source} \\\n"
            "  --query 'DBInstances[0].LatestRestorableTime'"
        )
    else:
        yield "Which snapshots are there?"
        yield Command(
            f"aws rds describe-db-snapshots --db-instance-identifier {source} \\\n"
            "  --query 'sort_by(DBSnapshots,&SnapshotCreateTime)[].[DBSnapshotIdentifier,SnapshotCreateTime]' \\\n"
            "  --output table"
        )
    yield "What the new instance needs from the old one:"
    yield Command(
        "GROUP=$(aws ec2 describe-security-groups "
        f"--filters Name=group-name,Values={names.database_group} --query 'SecurityGroups[0].GroupId' --output text)\n"
        f"PARAMETERS=$(aws rds describe-db-instances --db-instance-identifier {source} "
        "--query 'DBInstances[0].DBParameterGroups[0].DBParameterGroupName' --output text)"
    )
    yield "Restore. It stays encrypted with the same key:"
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
        f"  --copy-tags-to-snapshot{logs}\n"
        f"aws rds wait db-instance-available --db-instance-identifier {target}"
    )
    yield "Let RDS keep its password too, under the stack's key, and look at the data from an instance of the backend:"
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {target} --manage-master-user-password \\\n"
        f"  --master-user-secret-kms-key-id {names.database_key} --apply-immediately\n"
        f"aws rds wait db-instance-available --db-instance-identifier {target}\n"
        f"INSTANCE=$(aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {names.group} "
        "--query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)\n"
        'aws ssm start-session --target "$INSTANCE"'
    )
    yield "Exchange the names. From here the backend has no database until the second name is in place, a few minutes:"
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {source} \\\n"
        f"  --new-db-instance-identifier {source}-old --apply-immediately\n"
        f"aws rds wait db-instance-available --db-instance-identifier {source}-old\n"
        f"aws rds modify-db-instance --db-instance-identifier {target} \\\n"
        f"  --new-db-instance-identifier {source} --apply-immediately\n"
        f"aws rds wait db-instance-available --db-instance-identifier {source}"
    )
    yield (
        "Tell Terraform which instance is the database now. The plan changes settings in place, and the launch "
        "template, whose user data names the new secret; it must not replace `aws_db_instance.main`."
    )
    yield Command(
        "terraform state pull > state-before-restore.json\n"
        "terraform state rm aws_db_instance.main\n"
        f"terraform import aws_db_instance.main {source}\n"
        "terraform plan -out=restored.tfplan && terraform show restored.tfplan\nterraform apply restored.tfplan"
    )
    yield "Keep the old instance until nobody misses anything; then, with a last snapshot, let it go:"
    yield Command(
        f"aws rds modify-db-instance --db-instance-identifier {source}-old \\\n"
        "  --no-deletion-protection --apply-immediately\n"
        f"aws rds delete-db-instance --db-instance-identifier {source}-old \\\n"
        f"  --final-db-snapshot-identifier {source}-old-final"
    )
    if not point_in_time:
        yield "The volumes of the backend's instances have recovery points of their own, in AWS Backup:"
        yield Command(f"aws backup list-recovery-points-by-backup-vault --backup-vault-name {names.vault}")


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
            "healthy any more:"
        )
        yield Command(
            "aws fis start-experiment --experiment-template-id "
            '"$(terraform output -raw az_loss_experiment_id)" --query experiment.id --output text\n'
            "aws fis get-experiment --id EXPERIMENT --query experiment.state\n"
            "aws fis stop-experiment --id EXPERIMENT"
        )
    by_hand = []
    if names.database_multi_az:
        by_hand.append(
            f"aws rds reboot-db-instance --db-instance-identifier {names.database} --force-failover"
        )
    if names.cache_several:
        by_hand.append(
            f"aws elasticache test-failover --replication-group-id {names.cache} --node-group-id 0001"
        )
    by_hand.append(
        f"aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {names.group} \\\n"
        f"  --query \"AutoScalingGroups[0].Instances[?AvailabilityZone=='{names.zones[0]}'].InstanceId\" --output text"
    )
    by_hand.append("aws ec2 terminate-instances --instance-ids INSTANCE")
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


def _roll_back(names: _Names) -> Iterator[str | Command]:
    yield "A backend image that does not work: stop the deploy under way, or go back to the tag before it."
    yield Command(
        f"aws autoscaling rollback-instance-refresh --auto-scaling-group-name {names.group}\n"
        f"terraform apply -var backend_image={names.image.rsplit(':', 1)[0]}:EARLIER_TAG"
    )
    yield "A frontend that does not work: copy the release before it again (the bucket keeps versions), and invalidate:"
    yield Command(
        'aws s3 sync ./earlier/dist "s3://$(terraform output -raw frontend_bucket)" --delete\n'
        'aws cloudfront create-invalidation --distribution-id "$(terraform output -raw distribution_id)" --paths "/*"'
    )
    yield (
        "A change of the infrastructure: keep the state, plan with the configuration before it, and read what that "
        "would destroy before you apply. Data is not rolled back by Terraform: that is a restore."
    )
    yield Command(
        "terraform state pull > state-before-rollback.json\ngit checkout EARLIER -- .\nterraform plan -out=back.tfplan"
    )


def _new_bundle() -> Iterator[str | Command]:
    yield (
        "A later bundle brings a page of changes, `pages/changes.html`: what it adds, changes, replaces and removes, "
        "told by Terraform. Copy its files over these, keep state, lock file and `terraform.tfvars`, and compare "
        "your own plan with the page."
    )
    yield Command(
        "cp ../new-bundle/terraform/*.tf terraform/\ncd terraform\nterraform plan -out=bundle.tfplan"
    )
    yield (
        "`terraform/` and `terraform-json/` hold the same configuration twice. Work in one of them, and never copy "
        "one into the other: Terraform reads both kinds of files in a folder."
    )


def _destroy(names: _Names) -> Iterator[str | Command]:
    yield "Everything below is for good. Take a copy of the state, and of what the buckets and log groups hold."
    yield Command("terraform state pull > state-before-destroy.json")
    if names.protected:
        listed = " and ".join(f"`{one}`" for one in names.protected)
        yield f"AWS refuses while deletion protection is on. Set {listed} to `false`, and apply that first:"
        yield Command("terraform apply")
    yield "AWS deletes no bucket that holds something, earlier versions included, and no vault with recovery points:"
    yield Command(
        "\n".join(f'aws s3 rm --recursive "s3://$(terraform output -raw {name})"' for name in names.buckets)
        + f"\naws backup list-recovery-points-by-backup-vault --backup-vault-name {names.vault} \\\n"
        "  --query 'RecoveryPoints[].RecoveryPointArn' --output text | tr '\\t' '\\n' | while read -r point; do\n"
        f'    aws backup delete-recovery-point --backup-vault-name {names.vault} --recovery-point-arn "$point"\n  done'
    )
    yield "Earlier versions go with the console's *Empty* or a lifecycle rule of one day. Then:"
    last = (
        f" The database leaves the snapshot `{names.final_snapshot}` behind." if names.final_snapshot else ""
    )
    yield Command(
        "terraform plan -destroy -out=destroy.tfplan\nterraform show destroy.tfplan\nterraform apply destroy.tfplan"
    )
    yield (
        "The KMS keys are deleted 30 days later; until then `aws kms cancel-key-deletion` saves what they "
        f"encrypt.{last}"
    )
