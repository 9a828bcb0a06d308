"""CloudMart as one Terraform configuration: the tiers, what they know of each other, and the outputs."""

from __future__ import annotations

from constructs import Construct

from modules import cache, database, terraform
from modules.backup import Backup
from modules.compute import Compute
from modules.domain import Domain
from modules.drills import Drills
from modules.firewall import Firewall
from modules.flows import Flows
from modules.frontend import Frontend
from modules.load_balancer import BACKEND_PORT, HTTP, HTTPS, LoadBalancer
from modules.logs import Logs
from modules.names import DataAwsCallerIdentity, IamRole, TerraformOutput, TerraformStack
from modules.network import Network
from modules.observability import Observability
from modules.tier import Tier
from settings import Settings, addresses, limits

PLACEHOLDER_ACCOUNT = "000000000000"
PLACEHOLDER_ZONE = "Z0000000000EXAMPLE00"
# https://www.rfc-editor.org/rfc/rfc2606
EXAMPLE_DOMAINS = (".example.com", ".example.net", ".example.org", ".example")


class CloudMart(TerraformStack):
    """The whole stack of one environment."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        name, region = settings.name, settings.region
        super().__init__(scope, name)
        tags = {
            "Project": settings.project,
            "Environment": settings.environment,
            "ManagedBy": "Terraform",
            "Owner": settings.owner,
            **settings.tags,
        }
        terraform.configure(self, region=region, tags=tags, account=settings.account)
        if settings.state.backend == "s3":
            terraform.keep_state_in_s3(
                self,
                name=name,
                bucket=settings.state.bucket or "",
                region=settings.state.region or region,
                kms_key_id=settings.state.kms_key_id,
            )
        else:
            terraform.keep_state_locally(self)
        account = Tier(self, "account")
        account_id = account.add(DataAwsCallerIdentity, "current").account_id

        zones = settings.network.availability_zones
        ranges = addresses.ranges(settings.network, region)
        logs = Logs(
            self,
            "logs",
            name=name,
            region=region,
            account_id=account_id,
            days=settings.observability.log_retention_days,
            access_log_days=settings.observability.access_log_retention_days,
        )
        flow_logs = settings.network.flow_logs
        network = Network(
            self,
            "network",
            name=name,
            region=region,
            account_id=account_id,
            cidr=settings.network.cidr,
            ranges=ranges,
            zones=zones,
            nat=settings.network.nat,
            interface_endpoints=settings.network.interface_endpoints,
            flow_log_days=flow_logs.retention_days if flow_logs.enabled else None,
            logs=logs,
        )
        if placeholders := _placeholders(settings):
            network.vpc.add_override("lifecycle", {"precondition": placeholders})
        vpc_id = network.vpc.id
        store_subnets = [subnet.id for subnet in (network.data or network.private).values()]
        domain = Domain(
            self,
            "domain",
            name=settings.domain.name,
            hosted_zone_id=settings.domain.hosted_zone_id,
            certificate_arn=settings.domain.certificate_arn,
            cdn_certificate_arn=settings.domain.cdn_certificate_arn,
        )
        load_balancer = LoadBalancer(
            self,
            "load_balancer",
            name=name,
            vpc_id=vpc_id,
            subnet_ids=[subnet.id for subnet in network.public.values()],
            certificate_arn=domain.certificate_arn,
            ssl_policy=settings.load_balancer.ssl_policy,
            idle_timeout=settings.load_balancer.idle_timeout,
            deletion_protection=settings.load_balancer.deletion_protection,
            health_check_path=settings.backend.health_check_path,
            deregistration_delay_seconds=settings.backend.deregistration_delay_seconds,
            access_logs=logs.bucket,
            after=[logs.bucket_policy, network.internet],
        )
        firewall = (
            Firewall(
                self,
                "firewall",
                name=name,
                load_balancer_arn=load_balancer.balancer.arn,
                settings=settings.waf,
                logs=logs,
            )
            if settings.load_balancer.waf
            else None
        )
        db = database.Database(
            self,
            "database",
            name=name,
            account_id=account_id,
            vpc_id=vpc_id,
            subnet_ids=store_subnets,
            settings=settings.database,
            timezone=settings.timezone,
            max_connections=limits.max_connections(settings) or 0,
            logs=logs,
        )
        redis = cache.Cache(
            self,
            "cache",
            name=name,
            account_id=account_id,
            vpc_id=vpc_id,
            subnet_ids=store_subnets,
            settings=settings.cache,
            timezone=settings.timezone,
            logs=logs,
        )
        compute = Compute(
            self,
            "compute",
            name=name,
            region=region,
            account_id=account_id,
            vpc_id=vpc_id,
            subnet_ids=[network.private[letter].id for letter in zones],
            settings=settings,
            tags=tags,
            load_balancer=load_balancer,
            database=db,
            cache=redis,
            logs=logs,
        )
        frontend = Frontend(
            self,
            "frontend",
            name=name,
            account_id=account_id,
            domain_name=settings.domain.name,
            certificate_arn=domain.cdn_certificate_arn,
            web_acl_arn=firewall.cdn_acl_arn if firewall else None,
            api_dns_name=load_balancer.balancer.dns_name,
            price_class=settings.frontend.price_class,
            old_versions_days=settings.frontend.old_versions_days,
            content_security_policy=settings.frontend.content_security_policy,
            access_logs=logs.bucket,
            after=[logs.bucket_policy],
        )
        domain.point_at(frontend.distribution.domain_name, frontend.distribution.hosted_zone_id)

        groups = {
            "alb": load_balancer.security_group,
            "backend": compute.security_group,
            "database": db.security_group,
            "cache": redis.security_group,
        }
        if network.endpoints:
            groups["endpoints"] = network.endpoints
        flows = Flows(self, "flows", groups)
        flows.allow_from_internet("alb", HTTPS)
        flows.allow_from_internet("alb", HTTP)
        flows.allow("alb", "backend", BACKEND_PORT)
        flows.allow("backend", "database", database.PORT)
        flows.allow("backend", "cache", cache.PORT)
        flows.allow_to_internet("backend", HTTPS)
        if network.endpoints:
            flows.allow("backend", "endpoints", HTTPS)
        # An instance that boots before its routes and rules stand cannot fetch its packages and its image.
        compute.after([*network.ways_out, *flows.rules])

        Backup(
            self,
            "backup",
            name=name,
            account_id=account_id,
            settings=settings.backup,
            timezone=settings.timezone,
            database_arn=db.instance.arn,
        )
        observability = Observability(
            self,
            "observability",
            name=name,
            region=region,
            account_id=account_id,
            settings=settings.observability,
            load_balancer=load_balancer.balancer.arn_suffix,
            target_group=load_balancer.target_group.arn_suffix,
            auto_scaling_group=compute.group.name,
            scales_to=settings.backend.max if settings.backend.max > settings.backend.min else None,
            db_instance=db.instance.identifier,
            database=settings.database,
            db_connections=limits.connections_alarm(settings),
            cache_nodes=redis.nodes,
            cache=settings.cache,
            nat_gateways=network.nat_gateways,
            web_acl=f"{name}-load-balancer" if settings.load_balancer.waf else None,
        )
        outputs = {
            "vpc_id": (network.vpc.id, "The VPC's id."),
            "public_subnet_ids": ([subnet.id for subnet in network.public.values()], "Ids of the public subnets, in the order of the zones."),
            "private_subnet_ids": ([subnet.id for subnet in network.private.values()], "Ids of the private subnets, in the order of the zones."),
            "site_url": (f"https://{settings.domain.name}", "Where customers find the shop."),
            "distribution_id": (frontend.distribution.id, "The CloudFront distribution's id: a release of the frontend invalidates it."),
            "distribution_domain_name": (frontend.distribution.domain_name, "CloudFront's own name for the distribution: where the public name must lead."),
            "frontend_bucket": (frontend.bucket.bucket, "The bucket that a release of the frontend is copied to."),
            "logs_bucket": (logs.bucket.bucket, "The bucket of the access logs."),
            "load_balancer_dns_name": (load_balancer.balancer.dns_name, "The load balancer's own name."),
            "target_group_arn": (load_balancer.target_group.arn, "The target group of the backend's instances."),
            "autoscaling_group_name": (compute.group.name, "The Auto Scaling group: its instance refreshes show a deploy's progress."),
            "backend_role_arn": (compute.role_arn, "The role of the backend's instances."),
            "database_identifier": (db.instance.identifier, "The DB instance's identifier, for snapshots and restores."),
            "database_address": (db.instance.address, "The database's host name; it stays the same through a failover."),
            "database_port": (db.instance.port, "The database's port."),
            "database_secret_arn": (db.secret_arn, "The secret in which RDS keeps the master user's password; the ARN, not the password."),
            "cache_replication_group_id": (redis.group.replication_group_id, "The replication group's id."),
            "cache_primary_endpoint": (redis.group.primary_endpoint_address, "The host name of Redis's primary; it stays the same through a failover."),
            "cache_reader_endpoint": (redis.group.reader_endpoint_address, "The host name that spreads reads over the replicas."),
            "alarms_topic_arn": (observability.topic.arn, "The topic that alarms go to."),
        }  # fmt: skip
        if settings.drills.az_loss:
            letter = zones[0]
            drills = Drills(
                self,
                "drills",
                name=name,
                account_id=account_id,
                zone=f"{region}{letter}",
                minutes=settings.drills.minutes,
                subnet_arns=[
                    kind[letter].arn for kind in (network.public, network.private, network.data) if kind
                ],
                database_arn=db.instance.arn if settings.database.multi_az else None,
                cache_arn=redis.group.arn if settings.cache.multi_az else None,
                group_arn=compute.group.arn,
                stop_alarm_arns=[observability.no_healthy_hosts.arn, observability.failing_requests.arn],
                logs=logs,
            )
            outputs["az_loss_experiment_id"] = (
                drills.template.id,
                "The experiment template of the failover drill.",
            )
        tier = Tier(self, "outputs")
        for key, (value, description) in outputs.items():
            tier.add(TerraformOutput, key, value=value, description=description)
        if settings.permissions_boundary:
            for made in self.node.find_all():
                if isinstance(made, IamRole):
                    made.permissions_boundary = settings.permissions_boundary


def _placeholders(settings: Settings) -> list[dict[str, str]]:
    """Conditions that end a plan before anything is made while a name of the examples still stands.

    The examples are whole in an account of their own number, which is the mock provider's and nobody's at AWS.
    """
    example = f'data.aws_caller_identity.current.account_id == "{PLACEHOLDER_ACCOUNT}"'
    found = []
    if settings.backend.image.startswith(f"{PLACEHOLDER_ACCOUNT}."):
        found.append(
            (
                f'!startswith(var.backend_image, "{PLACEHOLDER_ACCOUNT}.")',
                "backend_image is still the example's, of account 000000000000: name an image of a registry that "
                "there is, in terraform.tfvars or as backend.image in the settings.",
            )
        )
    if settings.domain.hosted_zone_id == PLACEHOLDER_ZONE:
        found.append(
            (
                "false",
                f"The hosted zone is still the example's, {PLACEHOLDER_ZONE}: set domain.hosted_zone_id in the "
                "settings and build this again.",
            )
        )
    if settings.domain.name.endswith(EXAMPLE_DOMAINS):
        found.append(
            (
                "false",
                f"The public name is still an example, {settings.domain.name}: set domain.name in the settings and "
                "build this again.",
            )
        )
    return [
        {"condition": f"${{{condition} || {example}}}", "error_message": words} for condition, words in found
    ]
