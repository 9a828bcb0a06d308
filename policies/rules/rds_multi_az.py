from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.aws.stores import is_replica
from policies.engine.cures import Edit, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    AVAILABILITY,
    CLOUDMART,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

# Clusters are as available as the instances that join them.
MEMBERS: Final[Mapping[str, str]] = {
    "aws_rds_cluster": "aws_rds_cluster_instance",
    "aws_docdb_cluster": "aws_docdb_cluster_instance",
    "aws_neptune_cluster": "aws_neptune_cluster_instance",
}

RULE = Rule(
    title="Databases fail over to another Availability Zone",
    family=AVAILABILITY,
    severity="high",
    packs=(CLOUDMART,),
    types=("aws_db_instance", *MEMBERS),
    why=(
        "With a standby RDS is back in one or two minutes and loses nothing; without one, the way back from "
        "a lost Availability Zone is a restore."
    ),
    fix="""\
resource "aws_db_instance" "main" {
  multi_az = true
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.html",
    controls=(
        "AWS FSBP RDS.5",
        "AWS FSBP RDS.15",
        "AWS FSBP Neptune.9",
        "CIS AWS 5.0.0 2.2.4",
        "Well-Architected REL10-BP01",
    ),
    reads=tuple(MEMBERS.values()),
    protects=(Protected("aws_db_instance", "multi_az", weaker=(False, REMOVED)),),
    by_hand=(
        "A cluster fails over to another instance: which one, and in which Availability Zone, is a decision."
    ),
)


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_db_instance":
        if is_replica(resource):
            yield not_applicable()
        elif resource.boolean("multi_az"):
            yield passed()
        else:
            yield failed("multi_az is not true", "multi_az")
    elif resource.is_set("db_cluster_instance_class"):
        yield passed()  # a Multi-AZ DB cluster always has two readable standbys
    else:
        yield _cluster(resource, model)


def _cluster(cluster: Resource, model: Model) -> Verdict:
    members = model.referring(cluster, MEMBERS[cluster.type], "cluster_identifier")
    count = len(members.resources)
    zones = [member.get("availability_zone") for member in members.resources]
    if count >= 2 and len(set(map(str, zones))) == 1 and isinstance(zones[0], str) and zones[0]:
        return failed(f"all its instances stand in {zones[0]}")
    if count >= 2:
        return passed()
    if members.unknowns:
        return unknown(members.unknowns[0])
    return failed(f"it has {count or 'no'} instance{'s' * (count != 1)}: there is nothing to fail over to")


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit]:
    if resource.type == "aws_db_instance":
        yield Set("multi_az", True, "a standby costs as much as the instance")
