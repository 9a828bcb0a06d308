"""The VPC: public and private subnets in each availability zone, their routes, and what leaves the VPC how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from modules import flows
from modules.flows import ANYWHERE
from modules.logs import Logs
from modules.names import (
    DefaultNetworkAcl,
    DefaultNetworkAclEgress,
    DefaultNetworkAclIngress,
    DefaultSecurityGroup,
    Eip,
    FlowLog,
    IamRole,
    IamRolePolicy,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    RouteTableAssociation,
    SecurityGroup,
    Subnet,
    TerraformResource,
    Vpc,
    VpcEndpoint,
)
from modules.tier import Tier, policy, trust
from settings.addresses import Ranges

# What an instance without public address needs: https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html,
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
INTERFACE_ENDPOINTS = ("ssm", "ssmmessages", "ec2messages", "secretsmanager", "logs", "ecr.api", "ecr.dkr")


class Network(Tier):
    """VPC, subnets, gateways, routes, endpoints and flow logs.

    Attributes:
        vpc: the VPC.
        public, private: subnets by zone letter.
        data: isolated subnets by zone letter; empty unless asked for.
        endpoints: the security group of the interface endpoints, or None without them.
        nat_gateways: the NAT gateways' ids by zone letter.
        internet: what makes the public subnets public; only then may a load balancer stand in them.
        ways_out: all that an instance in a private subnet reaches AWS and the internet by.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        region: str,
        account_id: str,
        cidr: str,
        ranges: Mapping[str, Ranges],
        zones: Sequence[str],
        nat: str,
        interface_endpoints: bool,
        flow_log_days: int | None,
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        self._name, self._region = name, region
        self.ways_out: list[TerraformResource] = []
        self.vpc = self.add(
            Vpc,
            "main",
            cidr_block=cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
        )
        # AWS makes one that lets its members talk; taken over without rules, it lets nobody.
        self.add(DefaultSecurityGroup, "main", vpc_id=self.vpc.id, tags={"Name": f"{name}-default-unused"})
        self._network_acl()
        self.public = {letter: self._subnet("public", letter, zone.public) for letter, zone in ranges.items()}
        self.private = {
            letter: self._subnet("private", letter, zone.private) for letter, zone in ranges.items()
        }
        self.data = {
            letter: self._subnet("data", letter, zone.data) for letter, zone in ranges.items() if zone.data
        }
        self._public_routes()
        tables = self._private_routes([zones[0]] if nat == "single" else zones)
        if self.data:
            tables.append(self._data_routes())
        self.ways_out.append(
            self.add(
                VpcEndpoint,
                "s3",
                vpc_id=self.vpc.id,
                service_name=f"com.amazonaws.{region}.s3",
                vpc_endpoint_type="Gateway",
                route_table_ids=[table.id for table in tables],
                tags={"Name": f"{name}-s3"},
            )
        )
        self.endpoints = self._interface_endpoints(zones) if interface_endpoints else None
        if flow_log_days:
            self._flow_log(account_id, logs, flow_log_days)

    def _network_acl(self) -> None:
        """The network ACL that every subnet has: the default one, which lets everything in, taken over.

        The security groups say who may talk to whom. This says once more, without a state and for all subnets, that
        nobody outside reaches the ports of remote administration. Without a state it also drops the answers to the one
        connection in 64,000 for which a NAT gateway or load balancer happens to choose port 3389; clients try again.
        Source: https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-21
        """
        acl = self.add(
            DefaultNetworkAcl,
            "main",
            default_network_acl_id=self.vpc.default_network_acl_id,
            ingress=[
                *(
                    DefaultNetworkAclIngress(
                        rule_no=number,
                        action="deny",
                        protocol="tcp",
                        from_port=port,
                        to_port=port,
                        cidr_block=ANYWHERE,
                    )
                    for number, port in ((10, 22), (20, 3389))
                ),
                DefaultNetworkAclIngress(
                    rule_no=100, action="allow", protocol="-1", from_port=0, to_port=0, cidr_block=ANYWHERE
                ),
            ],
            egress=[
                DefaultNetworkAclEgress(
                    rule_no=100, action="allow", protocol="-1", from_port=0, to_port=0, cidr_block=ANYWHERE
                )
            ],
            tags={"Name": f"{self._name}-default"},
        )
        # Which subnets it has follows from there being no other; AWS keeps the list.
        acl.add_override("lifecycle", {"ignore_changes": ["subnet_ids"]})
        self.ways_out.append(acl)

    def _subnet(self, kind: str, letter: str, cidr: str) -> Subnet:
        return self.add(
            Subnet,
            f"{kind}_{letter}",
            vpc_id=self.vpc.id,
            cidr_block=cidr,
            availability_zone=f"{self._region}{letter}",
            map_public_ip_on_launch=False,
            tags={"Name": f"{self._name}-{kind}-{letter}", "Tier": kind},
        )

    def _table(self, name: str, subnets: Mapping[str, Subnet]) -> RouteTable:
        """A route table, associated with the subnets, which come by the name of their association."""
        table = self.add(
            RouteTable, name, vpc_id=self.vpc.id, tags={"Name": f"{self._name}-{name.replace('_', '-')}"}
        )
        for association, subnet in subnets.items():
            self.ways_out.append(
                self.add(RouteTableAssociation, association, subnet_id=subnet.id, route_table_id=table.id)
            )
        return table

    def _public_routes(self) -> None:
        gateway = self.add(InternetGateway, "main", vpc_id=self.vpc.id, tags={"Name": self._name})
        table = self._table("public", {f"public_{letter}": subnet for letter, subnet in self.public.items()})
        self._gateway = gateway
        self.internet = self.add(
            Route, "public", route_table_id=table.id, destination_cidr_block=ANYWHERE, gateway_id=gateway.id
        )

    def _private_routes(self, nat_zones: Sequence[str]) -> list[RouteTable]:
        gateways: dict[str, NatGateway] = {}
        for letter in nat_zones:
            address = self.add(
                Eip,
                f"nat_{letter}",
                domain="vpc",
                tags={"Name": f"{self._name}-nat-{letter}"},
                # https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/eip
                depends_on=[self._gateway],
            )
            gateways[letter] = self.add(
                NatGateway,
                letter,
                allocation_id=address.id,
                subnet_id=self.public[letter].id,
                tags={"Name": f"{self._name}-{letter}"},
                # A NAT gateway is of use only once its subnet has a way out.
                depends_on=[self.internet],
            )
        self.nat_gateways = {letter: gateway.id for letter, gateway in gateways.items()}
        tables = []
        for letter, subnet in self.private.items():
            table = self._table(f"private_{letter}", {f"private_{letter}": subnet})
            gateway = gateways.get(letter, gateways[nat_zones[0]])
            self.ways_out.append(
                self.add(
                    Route,
                    f"private_{letter}",
                    route_table_id=table.id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=gateway.id,
                )
            )
            tables.append(table)
        return tables

    def _data_routes(self) -> RouteTable:
        return self._table("data", {f"data_{letter}": subnet for letter, subnet in self.data.items()})

    def _interface_endpoints(self, zones: Sequence[str]) -> SecurityGroup:
        group = flows.group(
            self,
            "endpoints",
            name=self._name,
            vpc_id=self.vpc.id,
            description="Interface endpoints of AWS services, open to the backend alone",
        )
        for service in INTERFACE_ENDPOINTS:
            self.ways_out.append(
                self.add(
                    VpcEndpoint,
                    service.replace(".", "_"),
                    vpc_id=self.vpc.id,
                    service_name=f"com.amazonaws.{self._region}.{service}",
                    vpc_endpoint_type="Interface",
                    private_dns_enabled=True,
                    subnet_ids=[self.private[letter].id for letter in zones],
                    security_group_ids=[group.id],
                    tags={"Name": f"{self._name}-{service}"},
                )
            )
        return group

    def _flow_log(self, account_id: str, logs: Logs, days: int) -> None:
        group = logs.group("flow_logs", f"/{self._name}/vpc-flow-logs", days=days)
        role = self.add(
            IamRole,
            "flow_logs",
            name=f"{self._name}-flow-logs",
            assume_role_policy=trust("vpc-flow-logs.amazonaws.com", account_id),
        )
        permission = self.add(
            IamRolePolicy,
            "flow_logs",
            name="write-flow-logs",
            role=role.id,
            policy=policy(
                {
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                    "Resource": f"{group.arn}:*",
                }
            ),
        )
        self.add(
            FlowLog,
            "main",
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags={"Name": self._name},
            # A service that may not write yet drops what it has.
            depends_on=[permission],
        )
