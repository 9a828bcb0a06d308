"""The settings of one environment: one typed, frozen model, with the seed's values as defaults.

Times of day stand in the settings' `timezone`; `settings.windows.to_utc` turns them into what AWS wants.
What can be judged within one value is judged here; what needs several is in `settings.checks`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from settings import windows

REGIONS: dict[str, str] = tomllib.loads(Path(__file__).with_name("regions.toml").read_text(encoding="utf-8"))
"""Availability-zone letters by region."""


def refused(allowed: str) -> PydanticCustomError:
    """An error whose message is what is allowed; taken as a template, so braces are doubled."""
    return PydanticCustomError("refused", allowed.replace("{", "{{").replace("}", "}}"))


def _network(value: Any) -> Any:
    try:
        if not isinstance(value, str):
            raise ValueError
        network = IPv4Network(value)
    except ValueError as error:
        raise refused("an IPv4 network in CIDR notation with no host bits set, as in 10.0.0.0/16") from error
    return str(network)


def _daily(text: str) -> str:
    try:
        windows.daily(text)
    except ValueError as error:
        raise refused(str(error)) from error
    return text


def _weekly(text: str) -> str:
    try:
        windows.weekly(text)
    except ValueError as error:
        raise refused(str(error)) from error
    return text


def _timezone(name: str) -> str:
    try:
        windows.utc_offset(name)
    except ValueError as error:
        raise refused(str(error)) from error
    return name


def _region(name: str) -> str:
    if name not in REGIONS:
        raise refused("a region of AWS's commercial partition: " + ", ".join(REGIONS))
    return name


@dataclass(frozen=True)
class Matches:
    """A pattern that a string matches as a whole, and the same in words for the error message."""

    pattern: str
    allowed: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise refused(self.allowed)
        return text


Cidr = Annotated[str, BeforeValidator(_network)]
DailyWindow = Annotated[str, AfterValidator(_daily)]
WeeklyWindow = Annotated[str, AfterValidator(_weekly)]
ZoneLetter = Annotated[str, Matches("[a-f]", "an availability zone's letter, a to f")]
RetentionDays = Annotated[int, Field(ge=1, le=35)]
# CreateLogGroup refuses other numbers:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
TimeOfDay = Annotated[str, Matches(r"([01]\d|2[0-3]):[0-5]\d", "a time of day hh:mm, as in 03:00")]
Certificate = Annotated[
    str,
    Matches(
        r"arn:aws:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}",
        "the ARN of an ACM certificate, arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
]


Project = Annotated[
    str,
    Matches(
        r"(?!.*--)[a-z][a-z0-9-]{0,14}[a-z0-9]",
        "2 to 16 lower-case letters, digits and single hyphens, a letter first",
    ),
]
# What the tags of all services keep to: EC2 takes keys of 127 characters, and RDS keeps rds: to itself, in values too.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Tag.html,
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Tag.html
_OWN_PREFIX = "(?![aA][wW][sS]:|[rR][dD][sS]:)"
Owner = Annotated[
    str,
    Matches(
        rf"{_OWN_PREFIX}[\w+=.@:/ -]{{1,256}}",
        "a team or address: letters, digits, spaces and + - = . _ : / @",
    ),
]
Tags = dict[
    Annotated[
        str,
        Matches(
            rf"{_OWN_PREFIX}[\w+=.@:/ -]{{1,127}}",
            "a tag key of up to 127 letters, digits, spaces and + - = . _ : / @, neither aws: nor rds: first",
        ),
    ],
    Annotated[
        str,
        Matches(
            rf"{_OWN_PREFIX}[\w+=.@:/ -]{{0,256}}",
            "a tag value: letters, digits, spaces and + - = . _ : / @, neither aws: nor rds: first",
        ),
    ],
]
Region = Annotated[str, AfterValidator(_region)]
BucketName = Annotated[
    str,
    Matches(
        r"(?!xn--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "a bucket's name: 3 to 63 lower-case letters, digits and hyphens",
    ),
]


class Section(BaseModel):
    """A part of the settings: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=False)


class Subnets(Section):
    """The address ranges of one availability zone; what is left out is derived from the VPC's range."""

    public: Cidr | None = Field(None, description="The public subnet: load balancer and NAT gateway.")
    private: Cidr | None = Field(
        None, description="The private subnet: backend, and the stores unless they have their own."
    )
    data: Cidr | None = Field(
        None, description="The isolated subnet of database and cache (with data_subnets)."
    )


class FlowLogs(Section):
    """VPC flow logs."""

    enabled: bool = Field(True, description="Record the VPC's traffic in an encrypted log group.")
    retention_days: LogRetentionDays = Field(365, description="Days that flow logs are kept.")


class Network(Section):
    """VPC, subnets, routes and endpoints."""

    cidr: Cidr = Field("10.0.0.0/16", description="The VPC's IPv4 range, /16 to /28.")
    availability_zones: tuple[ZoneLetter, ...] = Field(
        ("a", "b"),
        strict=False,
        min_length=1,
        description="Letters of the region's availability zones to run in.",
    )
    subnets: dict[ZoneLetter, Subnets] = Field(
        default_factory=dict,
        description="Address ranges by zone letter, where the derived ones do not suit.",
    )
    nat: Literal["per_az", "single"] = Field(
        "per_az",
        description="One NAT gateway a zone, or a single one: cheaper, but its zone's loss cuts off all.",
    )
    data_subnets: bool = Field(
        False, description="Put database and cache into subnets of their own, with no default route."
    )
    interface_endpoints: bool = Field(
        False,
        description="Reach Systems Manager, Secrets Manager, Logs and ECR without leaving the VPC.",
    )
    flow_logs: FlowLogs = Field(FlowLogs(), description="VPC flow logs.")


class Domain(Section):
    """The public name, and the certificates for it."""

    name: Annotated[
        str,
        Matches(
            r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "a domain name in lower case, as in shop.example.com",
        ),
    ] = Field(description="The name that customers type; CloudFront serves it.")
    hosted_zone_id: (
        Annotated[
            str, Matches(r"Z[A-Z0-9]{5,31}", "the id of a Route 53 hosted zone, as in Z0123456789ABCDEFGHIJ")
        ]
        | None
    ) = Field(
        None,
        description="The name's public hosted zone: records and certificates are made there.",
    )
    certificate_arn: Certificate | None = Field(
        None, description="An issued certificate for the name in the stack's region, for the load balancer."
    )
    cdn_certificate_arn: Certificate | None = Field(
        None, description="An issued certificate for the name in us-east-1, for CloudFront."
    )


class LoadBalancer(Section):
    """The Application Load Balancer."""

    deletion_protection: bool = Field(True, description="Refuse to delete the load balancer.")
    idle_timeout: int = Field(60, ge=1, le=4000, description="Seconds until an idle connection is closed.")
    waf: bool = Field(
        True, description="AWS WAF with AWS's managed rule groups, before load balancer and CloudFront."
    )
    ssl_policy: Annotated[
        str,
        Matches(
            r"ELBSecurityPolicy-TLS13-1-[23]-[A-Za-z0-9-]+",
            "a security policy of TLS 1.2 or newer, as in ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        ),
    ] = Field(
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        description="The listener's security policy; AWS's own default, which Security Hub (ELB.17) accepts.",
    )


class Waf(Section):
    """What AWS WAF refuses, where load_balancer.waf is true."""

    count: tuple[str, ...] = Field(
        ("SizeRestrictions_BODY",),
        strict=False,
        description="Rules of AWS's managed groups that only count. SizeRestrictions_BODY refuses what is above 8 KB; "
        "counted, it is left to the rule that lets /api/* have such bodies and nothing else.",
    )
    requests_per_five_minutes: int | None = Field(
        2000, ge=10, le=2_000_000_000, description="Requests of one address in five minutes; none: no limit."
    )


class Backend(Section):
    """The Auto Scaling group that runs the backend's container."""

    image: Annotated[
        str,
        Matches(
            r"[a-z0-9][a-z0-9.:/_-]*(:(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|@sha256:[0-9a-f]{64})",
            "a container image with a tag other than latest, or a digest",
        ),
    ] = Field(description="The backend's container image; it listens on port 8080.")
    instance_type: Annotated[
        str,
        Matches(
            r"[a-z][a-z0-9-]*\.([0-9]*x?large|micro|small|medium|nano|metal(-[0-9a-z]+)?)",
            "an EC2 instance type, as in t3.small",
        ),
    ] = Field("t3.small", description="EC2 instance type.")
    architecture: Literal["x86_64", "arm64"] = Field(
        "x86_64", description="The processor architecture of the instance type and the image."
    )
    ami: (
        Annotated[
            str, Matches(r"ami-[0-9a-f]{8,17}", "the id of a machine image, as in ami-0123456789abcdef0")
        ]
        | None
    ) = Field(
        None,
        description="An image of Amazon Linux 2023, or one baked from it; left out: the newest of AWS's when it is "
        "first planned, and from then on the same until it is renewed on purpose.",
    )
    database_pool_size: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Database connections of one instance; left out: what the database's class bears, 20 at the most.",
    )
    min: int = Field(2, ge=0, le=1000, description="The fewest instances.")
    desired: int = Field(
        2, ge=0, le=1000, description="Instances to start with; scaling moves it from there."
    )
    max: int = Field(10, ge=1, le=1000, description="The most instances.")
    health_check_path: Annotated[
        str, Matches(r"/[A-Za-z0-9._~/-]*", "a path that starts with /, as in /health")
    ] = Field("/health", description="The path that the target group asks for, and expects 200 from.")
    start_timeout_seconds: int = Field(
        300,
        ge=30,
        le=3600,
        description="Seconds that the image's pull and the container's start may take together.",
    )
    health_check_grace_seconds: int = Field(
        420,
        ge=0,
        le=7200,
        description="Seconds before a new instance is judged; longer than it may take to start.",
    )
    deregistration_delay_seconds: int = Field(
        60, ge=0, le=3600, description="Seconds that a leaving instance may finish its requests."
    )
    cpu_target_percent: int = Field(60, ge=10, le=90, description="Average CPU use that scaling keeps to.")
    requests_per_target: int = Field(
        1000, ge=1, description="Requests a minute for each instance that scaling keeps to."
    )
    min_healthy_percent: int = Field(
        90, ge=0, le=100, description="Share of instances that stay in service during a rolling deploy."
    )
    max_healthy_percent: int = Field(
        150,
        ge=100,
        le=200,
        description="Share of instances that may run during a rolling deploy: new ones come before old ones go.",
    )
    instance_warmup_seconds: int = Field(
        180, ge=0, le=3600, description="Seconds until a new instance counts."
    )
    root_volume_gb: int = Field(30, ge=8, le=16384, description="Size of the encrypted gp3 root volume, GiB.")
    environment: dict[
        Annotated[str, Matches(r"[A-Z][A-Z0-9_]*", "the name of an environment variable in upper case")],
        Annotated[
            str,
            Matches(
                r"""[^\x00-\x1f\x7f-\x9f\u2028\u2029'"$`\\]*""",
                "a value without quotes, $, backslash or control characters",
            ),
        ],
    ] = Field(
        default_factory=dict,
        description="Further variables of the container. Not for secrets: the state shows them.",
    )


class Database(Section):
    """RDS for PostgreSQL."""

    identifier: Annotated[
        str,
        Matches(
            r"(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]",
            "2 to 63 lower-case letters, digits and single hyphens, a letter first",
        ),
    ] = Field(
        "cloudmart-db", description="The DB instance's identifier, one of a kind in account and region."
    )
    name: Annotated[
        str,
        Matches(
            r"[a-z][a-z0-9_]{0,62}", "up to 63 lower-case letters, digits and underscores, a letter first"
        ),
    ] = Field("cloudmart", description="The database's name.")
    user: Annotated[
        str,
        Matches(
            r"(?!(?:admin|rdsadmin|postgres)$)(?!pg_)[a-z][a-z0-9_]{0,15}",
            "up to 16 lower-case letters, digits and underscores, a letter first, no reserved name",
        ),
    ] = Field(
        "cloudmart_user", description="The master user's name; RDS keeps the password in Secrets Manager."
    )
    engine_version: Annotated[
        str, Matches(r"1[4-9](\.\d{1,2})?", "a PostgreSQL version, 14 or newer, as in 15 or 15.14")
    ] = Field("15", description="PostgreSQL version; the major alone lets RDS choose the minor.")
    instance_class: Annotated[
        str,
        Matches(
            r"db\.[a-z][a-z0-9-]*\.([0-9]*x?large|micro|small|medium)(\.tpc[12]\.mem[0-9]x)?",
            "a DB instance class, as in db.t3.micro",
        ),
    ] = Field("db.t3.micro", description="DB instance class.")
    storage_type: Literal["gp3", "gp2", "io1", "io2"] = Field("gp3", description="Storage type.")
    storage_gb: int = Field(20, ge=20, le=65536, description="Allocated storage, GiB.")
    max_storage_gb: int | None = Field(
        100, ge=20, le=65536, description="Up to where storage grows by itself, GiB; none: it does not."
    )
    storage_iops: int | None = Field(
        None, ge=1000, le=256000, description="Provisioned IOPS; io1 and io2 need them."
    )
    max_connections: int | None = Field(
        None,
        ge=20,
        le=5000,
        description="Connections that the database takes; left out: what its class bears (settings/limits.toml).",
    )
    application_user: (
        Annotated[
            str,
            Matches(
                r"(?!(?:admin|rdsadmin|postgres)$)(?!pg_)[a-z][a-z0-9_]{0,62}",
                "up to 63 lower-case letters, digits and underscores, a letter first, no reserved name",
            ),
        ]
        | None
    ) = Field(
        None,
        description="A role of the application's own that signs in with IAM (the runbook makes it); left out: the "
        "backend is the owner.",
    )
    multi_az: bool = Field(True, description="A synchronous standby in another availability zone.")
    backup_retention_days: RetentionDays = Field(7, description="Days that automated backups are kept.")
    backup_window: DailyWindow = Field("03:00-04:00", description="Daily backup window in `timezone`.")
    maintenance_window: WeeklyWindow = Field(
        "sun:04:00-sun:05:00", description="Weekly maintenance window in `timezone`."
    )
    deletion_protection: bool = Field(True, description="Refuse to delete the database.")
    final_snapshot: bool = Field(True, description="Keep a last snapshot when the database is deleted.")
    extended_support: bool = Field(
        False,
        description="Stay on a major version that AWS supports for a fee; off: AWS upgrades it when its time is over.",
    )
    apply_immediately: bool = Field(
        False, description="Change the database at once, not in the next maintenance window."
    )
    performance_insights: bool = Field(
        True, description="Performance Insights, where the instance class has it."
    )
    monitoring_interval_seconds: Literal[0, 1, 5, 10, 15, 30, 60] = Field(
        60, description="Enhanced monitoring's interval; 0 turns it off."
    )
    ca_cert_identifier: Literal["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"] = Field(
        "rds-ca-rsa2048-g1", description="The certificate authority of the server's certificate."
    )


class Cache(Section):
    """ElastiCache for Redis."""

    engine_version: Annotated[
        str, Matches(r"[67]\.\d", "major.minor of Redis 6 or 7, as in 7.0 (no patch version)")
    ] = Field("7.0", description="Redis version.")
    node_type: Annotated[
        str,
        Matches(
            r"cache\.[a-z][a-z0-9-]*\.([0-9]*x?large|micro|small|medium)",
            "a cache node type, as in cache.t3.micro",
        ),
    ] = Field("cache.t3.micro", description="Node type.")
    replicas: int = Field(1, ge=0, le=5, description="Replicas beside the primary.")
    multi_az: bool = Field(True, description="Replicas in other availability zones, with automatic failover.")
    maxmemory_policy: Literal[
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "noeviction",
    ] = Field("allkeys-lru", description="What Redis drops when memory is full.")
    timeout_seconds: int = Field(
        300, ge=0, description="Seconds until an idle client is disconnected; 0: never."
    )
    snapshot_retention_days: RetentionDays = Field(7, description="Days that snapshots are kept.")
    snapshot_window: DailyWindow = Field("05:00-06:00", description="Daily snapshot window in `timezone`.")
    maintenance_window: WeeklyWindow = Field(
        "sun:06:00-sun:07:00", description="Weekly maintenance window in `timezone`."
    )
    access_string: Annotated[
        str,
        Matches(
            r"on( (~[^\s\"\\]+|%R?W?~[^\s\"\\]+|&[^\s\"\\]+|allkeys|allchannels|allcommands|resetchannels"
            r"|[+-]@?[a-z0-9|_-]+))+",
            "an access string of Redis that begins with on and holds keys (~), channels (&) and commands (+, -)",
        ),
    ] = Field(
        "on ~* &* +@all -@admin -@dangerous +info",
        description="What the backend's user may do. `&*` opens channels, and `+info` what health checks ask.",
    )
    auth: Literal["iam", "none"] = Field(
        "iam",
        description="Access by short-lived IAM tokens, no secret anywhere; or by security group alone.",
    )
    apply_immediately: bool = Field(
        False, description="Change the cache at once, not in the next maintenance window."
    )


class Frontend(Section):
    """S3 and CloudFront."""

    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = Field(
        "PriceClass_200", description="The edge locations that serve."
    )
    old_versions_days: int = Field(
        30, ge=1, le=3650, description="Days that replaced files can still be brought back."
    )
    content_security_policy: Annotated[str, Matches(r'[^\x00-\x1f"]+', "one line without double quotes")] = (
        Field(
            "default-src 'self'; img-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'",
            description="The Content-Security-Policy header.",
        )
    )


class Observability(Section):
    """Logs, alarms and the dashboard."""

    log_retention_days: LogRetentionDays = Field(365, description="Days that log groups are kept.")
    access_log_retention_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="Days that access logs of load balancer, CloudFront and buckets are kept.",
    )
    alarm_emails: tuple[Annotated[str, Matches(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")], ...] = (
        Field((), strict=False, description="Addresses that alarms are sent to.")
    )
    database_connections: int | None = Field(
        None,
        ge=1,
        description="Database connections that an alarm goes off at; left out: seven tenths of what there are.",
    )
    dashboard: bool = Field(True, description="One CloudWatch dashboard for the whole stack.")
    budget_usd: int | None = Field(
        None,
        ge=1,
        description="US dollars a month that the account's costs are held against; none: no budget.",
    )


class Backup(Section):
    """AWS Backup of the database and of the instances' volumes."""

    time: TimeOfDay = Field("03:00", description="When the daily backup starts, in `timezone`.")
    retention_days: RetentionDays = Field(7, description="Days that recovery points are kept.")
    copy_region: Region | None = Field(
        None, description="Another region that gets a copy of every recovery point, for the loss of this one."
    )
    lock: Literal["none", "governance", "compliance"] = Field(
        "none",
        description="Nobody deletes recovery points before their time: but for those with the right to (governance), "
        "or nobody at all, from the third day on for good (compliance).",
    )


class Drills(Section):
    """AWS Fault Injection Service."""

    az_loss: bool = Field(True, description="An experiment template that cuts one availability zone off.")
    minutes: int = Field(10, ge=2, le=720, description="How long the zone stays cut off.")


class State(Section):
    """Where Terraform keeps the state."""

    backend: Literal["local", "s3"] = Field(
        "local", description="A file beside the configuration, or an encrypted bucket with a lock."
    )
    bucket: BucketName | None = Field(None, description="The state bucket (`make synth-state` makes it).")
    region: Region | None = Field(
        None, description="The state bucket's region; the stack's own when left out."
    )
    kms_key_id: (
        Annotated[
            str,
            Matches(
                r"arn:aws:kms:[a-z0-9-]+:\d{12}:(key/[0-9a-f-]{36}|alias/[A-Za-z0-9/_-]+)",
                "the ARN of a KMS key or alias",
            ),
        ]
        | None
    ) = Field(None, description="The key that encrypts the state; S3's own when left out.")


class Settings(Section):
    """CloudMart's settings for one environment."""

    project: Project = Field("cloudmart", description="The first part of every name.")
    environment: Annotated[
        str,
        Matches(
            r"(?!.*--)[a-z][a-z0-9-]{0,10}[a-z0-9]",
            "2 to 12 lower-case letters, digits and single hyphens, a letter first",
        ),
    ] = Field(description="The second part of every name; the file is named after it.")
    owner: Owner = Field("platform-team", description="Who answers for it: the Owner tag.")
    account: Annotated[str, Matches(r"\d{12}", "an account's number, 12 digits in quotes")] | None = Field(
        None, description="The AWS account that this environment is in; Terraform refuses every other one."
    )
    permissions_boundary: (
        Annotated[
            str, Matches(r"arn:aws:iam::\d{12}:policy/[\w+=,.@/-]+", "the ARN of a policy in the account")
        ]
        | None
    ) = Field(
        None,
        description="The boundary of the roles that the stack makes; the state's stack prints it with delivery.",
    )
    region: Region = Field("ap-northeast-2", description="AWS region.")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        "UTC", description="Time zone of all times here; windows are converted to UTC, as AWS wants them."
    )
    tags: Tags = Field(default_factory=dict, description="Further tags on everything that takes them.")
    state: State = Field(State(), description="Where Terraform keeps the state.")
    domain: Domain = Field(description="The public name, and the certificates for it.")
    network: Network = Field(Network(), description="VPC, subnets, routes and endpoints.")
    load_balancer: LoadBalancer = Field(LoadBalancer(), description="The Application Load Balancer.")
    waf: Waf = Field(Waf(), description="What AWS WAF refuses.")
    backend: Backend = Field(description="The Auto Scaling group that runs the backend's container.")
    database: Database = Field(Database(), description="RDS for PostgreSQL.")
    cache: Cache = Field(Cache(), description="ElastiCache for Redis.")
    frontend: Frontend = Field(Frontend(), description="S3 and CloudFront.")
    observability: Observability = Field(Observability(), description="Logs, alarms and the dashboard.")
    backup: Backup = Field(Backup(), description="AWS Backup of the database and the volumes.")
    drills: Drills = Field(Drills(), description="AWS Fault Injection Service.")

    @property
    def name(self) -> str:
        """`PROJECT-ENVIRONMENT`, the beginning of every resource's name."""
        return f"{self.project}-{self.environment}"


_BRANCH = r"(?!.*(?:\.\.|//|@\{))[A-Za-z0-9][A-Za-z0-9._/-]{0,99}"
EnvironmentName = Annotated[
    str,
    Matches(
        r"(?!.*--)[a-z][a-z0-9-]{0,10}[a-z0-9]",
        "an environment's name: 2 to 12 lower-case letters, digits and single hyphens, a letter first",
    ),
]


class Delivery(Section):
    """How a team's jobs reach AWS: an identity provider, and three roles for each environment."""

    provider: Literal["github", "gitlab"] = Field("github", description="Where the jobs run.")
    repository: Annotated[
        str,
        Matches(
            r"[A-Za-z0-9][A-Za-z0-9._@-]*(?:/[A-Za-z0-9._@-]+)+",
            "OWNER/REPOSITORY, as it stands in the subject of the repository's tokens, or GROUP/PROJECT",
        ),
    ] = Field(description="The repository whose jobs take the roles, as the subject of its tokens names it.")
    branch: Annotated[str, Matches(_BRANCH, "a branch's name, without wildcards, as in main")] = Field(
        "main", description="The branch that is applied."
    )
    environments: tuple[EnvironmentName, ...] = Field(
        ("dev", "prod"), strict=False, min_length=1, description="The environments that get roles."
    )
    regions: tuple[Region, ...] = Field(
        (),
        strict=False,
        description="The environments' regions, where they are not the state bucket's; "
        "us-east-1 is always one, for CloudFront.",
    )
    issuer: (
        Annotated[
            str,
            Matches(
                r"[a-z0-9.-]+(?:/[A-Za-z0-9._/-]+)?", "a host without https://, as in gitlab.example.com"
            ),
        ]
        | None
    ) = Field(None, description="Who signs the tokens, where it is not github.com or gitlab.com.")
    provider_arn: (
        Annotated[
            str,
            Matches(
                r"arn:aws:iam::\d{12}:oidc-provider/[A-Za-z0-9._/-]+",
                "the ARN of an identity provider, arn:aws:iam::ACCOUNT:oidc-provider/HOST",
            ),
        ]
        | None
    ) = Field(
        None, description="The account's identity provider, where it has one already; an account has one."
    )


class StateSettings(Section):
    """The settings of the state bucket's own small stack, shared by all environments."""

    project: Project = Field("cloudmart", description="The first part of every name.")
    owner: Owner = Field("platform-team", description="Who answers for it: the Owner tag.")
    region: Region = Field("ap-northeast-2", description="AWS region.")
    tags: Tags = Field(default_factory=dict, description="Further tags on everything that takes them.")
    bucket: BucketName = Field(description="The bucket's name, one of a kind in all of AWS.")
    old_versions_days: int = Field(
        365, ge=30, le=3650, description="Days that earlier states can be brought back."
    )
    delivery: Delivery | None = Field(
        None, description="The roles of a team's jobs; none are made when left out."
    )
