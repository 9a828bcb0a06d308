from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policies.aws.stores import is_replica
from policies.engine.cures import AddBlock, Edit, Incurable, Set
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT, is_unknown
from policies.engine.verdicts import IN_TRANSIT, Protected, Rule, Verdict, failed, passed, unknown

RULE = Rule(
    title="Databases refuse connections without TLS",
    family=IN_TRANSIT,
    severity="high",
    types=("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
    why=(
        "A database that merely offers TLS is used without it by the first client that forgets. Only the "
        "server can make it a rule."
    ),
    fix="""\
resource "aws_db_parameter_group" "main" {
  name_prefix = "main-"
  family      = "postgres15"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_db_instance" "main" {
  parameter_group_name = aws_db_parameter_group.main.name
}
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html",
    controls=("AWS FSBP RDS.38", "AWS FSBP RDS.39", "Well-Architected SEC09-BP02"),
    reads=(
        "aws_db_parameter_group",
        "aws_rds_cluster_parameter_group",
        "aws_docdb_cluster_parameter_group",
        "aws_neptune_cluster_parameter_group",
        "aws_db_option_group",
    ),
    protects=(
        *(
            Protected(type, "parameter", weaker=([{"name": "rds.force_ssl", "value": "0"}],))
            for type in ("aws_db_parameter_group", "aws_rds_cluster_parameter_group")
        ),
        Protected("aws_db_instance", "parameter_group_name", weaker=("default.postgres14",)),
    ),
    by_hand="A database without a parameter group of its own needs one, of the right family.",
)


@dataclass(frozen=True, slots=True)
class Switch:
    """The parameter that forces TLS, the values that do, and from which version on it does by default (None: in
    no version; empty: in every one)."""

    name: str
    on: tuple[str, ...] = ("1", "on", "true")
    default_from: tuple[int, ...] | None = None


# Sources: the RDS and Aurora user guides, "Requiring an SSL/TLS connection" of each engine;
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mariadb-ssl-connections.require-ssl.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Security.html
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Compare-v3-v84.html
# https://docs.aws.amazon.com/documentdb/latest/developerguide/security.encryption.ssl.html
# https://docs.aws.amazon.com/neptune/latest/userguide/parameters.html
SWITCHES: Final[Mapping[str, Switch]] = {
    "postgres": Switch("rds.force_ssl", default_from=(15,)),
    "aurora-postgresql": Switch("rds.force_ssl", default_from=(17,)),
    "mysql": Switch("require_secure_transport", default_from=(9, 7)),
    "mariadb": Switch("require_secure_transport", default_from=(11, 8)),
    "aurora-mysql": Switch("require_secure_transport", default_from=(8, 4)),
    "sqlserver-ee": Switch("rds.force_ssl"),
    "sqlserver-se": Switch("rds.force_ssl"),
    "sqlserver-ex": Switch("rds.force_ssl"),
    "sqlserver-web": Switch("rds.force_ssl"),
    "docdb": Switch("tls", on=("enabled", "fips-140-3", "tls1.2+", "tls1.3+"), default_from=()),
    "neptune": Switch("neptune_enforce_ssl", default_from=()),
}

GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "aws_db_instance": ("parameter_group_name", ("aws_db_parameter_group",)),
    "aws_rds_cluster": ("db_cluster_parameter_group_name", ("aws_rds_cluster_parameter_group",)),
    "aws_docdb_cluster": ("db_cluster_parameter_group_name", ("aws_docdb_cluster_parameter_group",)),
    "aws_neptune_cluster": (
        "neptune_cluster_parameter_group_name",
        ("aws_neptune_cluster_parameter_group",),
    ),
}


# Where a database names the one that it is made from, which tells its engine.
_ORIGINS: Final = (
    "replicate_source_db",
    "snapshot_identifier",
    "restore_to_point_in_time.source_db_instance_identifier",
    "restore_to_point_in_time.source_cluster_identifier",
)
# A family is the engine's name and a version: postgres15, sqlserver-se-15.0, aurora-mysql8.0.
_FAMILY: Final = re.compile(r"(?:default\.)?(?P<engine>[a-z]+(?:-[a-z]+)*?)-?\d")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    source = _origin(resource) or resource
    fixed = {"aws_docdb_cluster": "docdb", "aws_neptune_cluster": "neptune"}
    teller = resource if resource.get("engine") is not ABSENT else source
    named = teller.get("engine")
    engine = fixed.get(resource.type) or ("" if is_unknown(named) else (teller.text("engine") or "").lower())
    # AWS takes a parameter group for the engine of its family only, so that the group tells the engine.
    engine = engine or _engine_of_group(resource)
    if engine.startswith(("oracle-", "custom-oracle-")):
        yield _oracle(resource)
    elif engine in SWITCHES:
        yield _judge(resource, source, SWITCHES[engine])
    elif engine:
        yield unknown(f"it is not known how {engine} is made to refuse connections without TLS", "engine")
    elif is_unknown(named):
        yield unknown(named, "engine")
    elif any(resource.get(path) is not ABSENT for path in _ORIGINS):
        yield unknown("the engine is that of what it is made from, which is not seen here")
    else:
        yield unknown("no engine is named", "engine")


def _origin(resource: Resource) -> Resource | None:
    """The database that another one is a replica or a restored copy of, if it is seen."""
    for path in _ORIGINS:
        for linked in resource.referenced(path).resources:
            if linked.type == resource.type:
                return linked
            if linked.type in ("aws_db_snapshot", "aws_db_cluster_snapshot") and linked.mode == "managed":
                for name in ("db_instance_identifier", "db_cluster_identifier"):
                    for taken_of in linked.referenced(name, resource.type).resources:
                        return taken_of
    return None


def _engine_of_group(resource: Resource) -> str:
    path, types = GROUPS[resource.type]
    families = [group.get("family") for group in resource.referenced(path, *types).resources]
    for family in families or [resource.get(path)]:
        match = _FAMILY.match(family) if isinstance(family, str) else None
        if match and (families or str.startswith(family, "default.")):
            return match["engine"]
    return ""


def _judge(resource: Resource, source: Resource, switch: Switch) -> Verdict:
    path, types = GROUPS[resource.type]
    group = resource.get(path)
    # A replica in the same region takes its source's group; what is restored has its engine's default one.
    holder = resource
    replica = resource.type == "aws_db_instance" and is_replica(resource)
    if group in (ABSENT, "") and source is not resource and replica:
        holder, group = source, source.get(path)
    if group in (ABSENT, ""):
        if switch.default_from == ():
            return passed()
        version = resource.known("engine_version")
        if version is ABSENT and (source is resource or replica):
            version = source.known("engine_version")
        return _default(switch, str(version) if version is not ABSENT else "", path)
    links = holder.referenced(path, *types)
    if links.resources:
        return _in_group(links.resources[0], switch, resource, path)
    if isinstance(group, str) and group.startswith("default."):
        return _default(switch, group, path)
    return unknown(group if is_unknown(group) else f"the parameter group {group} is not seen here", path)


def _in_group(group: Resource, switch: Switch, resource: Resource, path: str) -> Verdict:
    value = None
    for parameter in group.blocks("parameter"):
        # The provider sends names in lower case.
        if (parameter.text("name") or "").lower() == switch.name:
            value = parameter.text("value", "")
    if value is None:
        return _default(switch, group.text("family") or "", path)
    if value.lower() in switch.on:
        return passed()
    return failed(f"{switch.name} is {value} in its parameter group {group.address}", path)


def _default(switch: Switch, version: str, path: str) -> Verdict:
    """What holds where nothing is set, by a version (`15.4`) or a parameter group family (`mariadb11.8`)."""
    if switch.default_from is None:
        return failed(
            f"{switch.name} is not set by a parameter group, and its default is not to be relied on", path
        )
    match = re.search(r"(\d+)(?:\.(\d+))?", version)
    number = tuple(int(one) for one in match.groups() if one) if match else ()
    if switch.default_from == () or number >= switch.default_from:
        return passed()
    if number == switch.default_from[: len(number)]:
        return unknown(f"{switch.name} is not set, and its default depends on the version", path)
    shown = ".".join(map(str, number[: len(switch.default_from)]))
    return failed(f"{switch.name} is not set, and is off by default in version {shown}", path)


def _oracle(resource: Resource) -> Verdict:
    """Oracle knows no switch of its own: native network encryption, set to REQUIRED, refuses clear text.

    The option SSL only opens a second port with TLS, and leaves the first one as it is.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.Oracle.NetworkEncryption.html
    """
    path = "option_group_name"
    if not resource.is_set(path):
        return failed("it has no option group that requires native network encryption", path)
    groups = resource.referenced(path, "aws_db_option_group").resources
    if not groups:
        group = resource.get(path)
        if isinstance(group, str) and group.startswith("default:"):
            return failed("the default option group does not require encryption", path)
        return unknown("the option group is not seen here", path)
    for option in groups[0].blocks("option"):
        if option.text("option_name") != "NATIVE_NETWORK_ENCRYPTION":
            continue
        for setting in option.blocks("option_settings"):
            required = (setting.text("value") or "").upper() == "REQUIRED"
            if required and setting.text("name") == "SQLNET.ENCRYPTION_SERVER":
                return passed()
    return failed("its option group does not set SQLNET.ENCRYPTION_SERVER to REQUIRED", path)


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    path, types = GROUPS[resource.type]
    groups = resource.referenced(path, *types).resources
    switches = {SWITCHES[engine] for engine in (_engine_of_group(resource),) if engine in SWITCHES}
    if len(groups) != 1 or not switches:
        yield Incurable("it has no parameter group of its own here: whether others share one is a decision")
        return
    (switch,) = switches
    for number, parameter in enumerate(groups[0].blocks("parameter")):
        if (parameter.text("name") or "").lower() == switch.name:
            yield Set(f"parameter[{number}].value", switch.on[0], _CLEAR, groups[0])
            return
    yield AddBlock("parameter", {"name": switch.name, "value": switch.on[0]}, _CLEAR, groups[0])


_CLEAR: Final = "clients without TLS are refused from then on"
