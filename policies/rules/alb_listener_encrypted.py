from __future__ import annotations

from collections.abc import Iterator

from policies.engine.cures import Edit, Incurable, Set
from policies.engine.model import Model, Resource, View
from policies.engine.parameters import Parameters
from policies.engine.values import ABSENT
from policies.engine.verdicts import (
    IN_TRANSIT,
    REMOVED,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Load balancers serve HTTPS; plain HTTP only redirects to it",
    family=IN_TRANSIT,
    severity="high",
    types=("aws_lb_listener", "aws_alb_listener", "aws_elb"),
    why="Whoever sits between a user and a plain HTTP listener reads and changes what they send.",
    fix="""\
resource "aws_lb_listener" "http" {
  port     = 80
  protocol = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
""",
    link="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html",
    controls=("AWS FSBP ELB.1", "AWS FSBP ELB.3", "Well-Architected SEC09-BP02"),
    reads=("aws_lb_listener_rule", "aws_alb_listener_rule"),
    protects=(
        Protected("aws_lb_listener", "protocol", weaker=("HTTP",)),
        Protected("aws_lb_listener", "default_action.redirect.protocol", weaker=("HTTP", "#{protocol}")),
        Protected("aws_lb_listener", "default_action.redirect", weaker=(REMOVED,)),
    ),
    by_hand="A redirect needs a listener for HTTPS to lead to, and that one a certificate.",
)

ENCRYPTED = ("HTTPS", "TLS")
# Listeners of the transport layer: what runs inside is for its ends to encrypt.
TRANSPORT = ("TCP", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC", "GENEVE")


def check(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Verdict]:
    if resource.type == "aws_elb":
        for listener in resource.blocks("listener"):
            if (listener.text("lb_protocol") or "").lower() == "http":
                yield failed("it listens for plain HTTP", "lb_protocol", at=listener)
                return
        yield passed()
        return
    protocol = (resource.text("protocol") or "HTTP").upper()
    if protocol in ENCRYPTED:
        yield passed()
    elif protocol in TRANSPORT or _is_gateway(resource):
        yield not_applicable()
    elif protocol == "HTTP":
        yield from _plain(resource, model)
    else:
        yield unknown(f"the protocol {protocol} is not known", "protocol")


def _plain(listener: Resource, model: Model) -> Iterator[Verdict]:
    actions = [(action, "default_action") for action in listener.blocks("default_action")]
    for type in ("aws_lb_listener_rule", "aws_alb_listener_rule"):
        rules = model.referring(listener, type, "listener_arn")
        if rules.unknowns:
            yield unknown(rules.unknowns[0])
        actions += [(action, "action") for rule in rules.resources for action in rule.blocks("action")]
    if not actions:
        yield failed("it listens for plain HTTP and names no action", "default_action")
    for action, path in actions:
        if not _redirects(action):
            yield failed("plain HTTP is served instead of redirected to HTTPS", path, at=action)
            return
    yield passed()


def _redirects(action: View) -> bool:
    return action.text("type") == "redirect" and action.text("redirect.protocol") == "HTTPS"


def _is_gateway(listener: Resource) -> bool:
    """Listeners of a gateway load balancer name no protocol and no port, which those of all others have.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/gateway/gateway-listeners.html
    """
    if listener.is_set("protocol"):
        return False
    arn = listener.get("load_balancer_arn")
    balancers = listener.referenced("load_balancer_arn", "aws_lb", "aws_alb").resources
    if balancers:
        return any(balancer.text("load_balancer_type") == "gateway" for balancer in balancers)
    return (isinstance(arn, str) and ":loadbalancer/gwy/" in arn) or listener.get("port") is ABSENT


def cure(resource: Resource, model: Model, parameters: Parameters) -> Iterator[Edit | Incurable]:
    if resource.type == "aws_elb":
        yield Incurable(_HOW)
        return
    for action in resource.blocks("default_action"):
        if action.text("type") != "redirect":
            yield Incurable(_HOW)
        elif action.text("redirect.protocol") != "HTTPS":
            if action.text("redirect.port", "#{port}") in ("#{port}", "80"):
                yield Set("redirect.port", "443", at=action)
            yield Set("redirect.protocol", "HTTPS", at=action)


_HOW = "where the requests are to go needs a listener with a certificate first"
