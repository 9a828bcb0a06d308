"""Buckets, distributions and web ACLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_provider.argument_checks import Refusal, is_set
from mock_provider.cross_checks.wording import (
    COMBINATION,
    Rule,
    State,
    blocks,
    conflicts_when,
    invalid,
    known,
    listed,
    named,
    one,
    required_when,
    unset,
)
from mock_provider.values import UNKNOWN, Path, has_unknown


def _bucket(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
    for name, least in (("bucket", 3), ("bucket_prefix", 1)):
        given = config.get(name)
        if not isinstance(given, str) or not given:
            continue
        wrong = (
            f"must contain from 3 to 63 characters, got {len(given)}"
            if not least <= len(given) <= 63
            else "holds lowercase letters, digits, hyphens and periods only"
            if not re.fullmatch(r"[0-9a-z.-]+", given)
            else "begins and ends with a letter or a digit"
            if not given[0].isalnum() or (name == "bucket" and not given[-1].isalnum())
            else "has no two periods in a row"
            if ".." in given
            else "is not an IP address"
            if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", given)
            else "does not begin with xn--, sthree- or amzn-s3-demo-"
            if given.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
            else "does not end in -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3"
            if name == "bucket" and given.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"))
            else ""
        )
        if wrong:
            yield Refusal((name,), f"validating S3 Bucket ({given}) name: a {name.replace('_', ' ')} {wrong}")


_CLASS_ORDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")


def _lifecycle(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html."""
    seen: set[str] = set()
    for at, rule in blocks(config, "rule"):
        name = rule.get("id")
        if isinstance(name, str) and name in seen:
            yield Refusal(
                (*at, "id"),
                f"InvalidArgument: Rule ID must be unique. Found same ID for more than one rule: {name}",
            )
        seen.add(str(name))
        actions = (
            "abort_incomplete_multipart_upload",
            "expiration",
            "noncurrent_version_expiration",
            "noncurrent_version_transition",
            "transition",
        )
        if all(unset(rule, action) for action in actions):
            yield Refusal(at, "MalformedXML: At least one action needs to be specified in a rule")
        expiry = one(rule, "expiration").get("days")
        previous = -1
        for where, transition in blocks(rule, "transition", at):
            days, kind = transition.get("days"), transition.get("storage_class")
            if isinstance(days, int) and kind in ("STANDARD_IA", "ONEZONE_IA") and days < 30:
                yield Refusal(
                    where,
                    "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for "
                    f"storageClass '{kind}'",
                )
            if isinstance(days, int) and isinstance(expiry, int) and expiry and days >= expiry:
                yield Refusal(
                    (*at, "expiration"),
                    f"InvalidArgument: 'Days' in the Expiration action ({expiry}) must be greater than 'Days' in "
                    f"the Transition action ({days})",
                )
            if kind in _CLASS_ORDER:
                previous = max(previous, _CLASS_ORDER.index(kind))
        if rule.get("filter") not in (None, []) and isinstance(rule.get("prefix"), str) and rule["prefix"]:
            yield Refusal((*at, "prefix"), COMBINATION, "Only one of filter and prefix can be specified.")


def _bucket_encryption(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html."""
    for at, rule in blocks(config, "rule"):
        default = one(rule, "apply_server_side_encryption_by_default")
        kind = default.get("sse_algorithm")
        if (
            kind == "AES256"
            and is_set(default.get("kms_master_key_id"))
            and default["kms_master_key_id"] != ""
        ):
            where = (*at, "apply_server_side_encryption_by_default", 0, "kms_master_key_id")
            yield Refusal(
                where,
                "InvalidArgument: a KMS key is not applicable if the default sse algorithm is not aws:kms or "
                "aws:kms:dsse",
            )


def _target_prefix(config: State, _region: str | None) -> Iterator[Refusal]:
    bucket, target = config.get("bucket"), config.get("target_bucket")
    if isinstance(bucket, str) and bucket == target:
        yield Refusal(
            ("target_bucket",),
            "The bucket logs to itself",
            "Each delivered log is then logged in its turn: AWS allows it, and advises a bucket of its own.",
            "warning",
        )


_METHODS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
)
_ERROR_CODES = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)


def _distribution(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html."""
    origins: set[Any] = set()
    for at, origin in (*blocks(config, "origin"), *blocks(config, "origin_group")):
        identity = origin.get("origin_id")
        if isinstance(identity, str) and identity in origins:
            yield Refusal((*at, "origin_id"), f"DuplicateOriginIds: the origin id {identity} is given twice")
        origins.add(identity)
        own, bucket = origin.get("custom_origin_config"), origin.get("s3_origin_config")
        if is_set(own) and is_set(bucket):
            yield Refusal(
                (*at, "custom_origin_config"),
                COMBINATION,
                "Only one of s3_origin_config and custom_origin_config can be specified.",
            )
        domain = origin.get("domain_name")
        if isinstance(domain, str) and not re.fullmatch(r"[A-Za-z0-9._*-]+\.[A-Za-z0-9.-]+", domain):
            yield invalid(
                (*at, "domain_name"),
                f"The parameter Origin DomainName does not refer to a valid host name: {domain}",
            )
    single, grouped = named(config, "origin", "origin_id"), named(config, "origin_group", "origin_id")
    offered = None if single is None or grouped is None else single | grouped
    behaviours = blocks(config, "default_cache_behavior") + blocks(config, "ordered_cache_behavior")
    for at, behaviour in behaviours:
        target = behaviour.get("target_origin_id")
        if isinstance(target, str) and offered is not None and target not in offered:
            yield Refusal(
                (*at, "target_origin_id"),
                "NoSuchOrigin: One or more of your origins or origin groups do not exist.",
                f"There is no origin {target}.",
            )
        yield from _behaviour(behaviour, at)
    paths = [behaviour.get("path_pattern") for _, behaviour in blocks(config, "ordered_cache_behavior")]
    for position, pattern in enumerate(paths):
        if isinstance(pattern, str) and pattern in paths[:position]:
            yield invalid(
                ("ordered_cache_behavior", position, "path_pattern"),
                f"the path pattern {pattern} is given twice",
            )
    yield from _viewer_certificate(config)
    for at, response in blocks(config, "custom_error_response"):
        code = response.get("error_code")
        if isinstance(code, int) and code not in _ERROR_CODES:
            yield invalid((*at, "error_code"), f"Your request contains an invalid error code: {code}")
        page, answer = response.get("response_page_path"), response.get("response_code")
        if (page in (None, "")) != (answer in (None, 0)) and not has_unknown(response):
            yield invalid(at, "response_code and response_page_path must be specified together")
        if isinstance(page, str) and page and not page.startswith("/"):
            yield invalid(
                (*at, "response_page_path"), f"The response page path must begin with a slash: {page}"
            )
    geo = one(one(config, "restrictions"), "geo_restriction")
    where = ("restrictions", 0, "geo_restriction", 0, "locations")
    if geo.get("restriction_type") in ("whitelist", "blacklist") and geo.get("locations") in (None, []):
        yield required_when(where, "restriction_type", geo["restriction_type"])
    if geo.get("restriction_type") == "none" and listed(geo.get("locations")):
        yield conflicts_when(where, "restriction_type", "none")


def _behaviour(behaviour: State, at: Path) -> Iterator[Refusal]:
    allowed, cached = behaviour.get("allowed_methods"), behaviour.get("cached_methods")
    if isinstance(allowed, list) and not has_unknown(allowed) and set(allowed) not in _METHODS:
        yield invalid(
            (*at, "allowed_methods"),
            f"allowed_methods {sorted(allowed)} is not one of GET, HEAD; GET, HEAD, OPTIONS; or all seven methods",
        )
    if isinstance(cached, list) and not has_unknown(cached) and set(cached) not in _METHODS[:2]:
        yield invalid(
            (*at, "cached_methods"),
            f"cached_methods {sorted(cached)} is not one of GET, HEAD; GET, HEAD, OPTIONS",
        )
    if (
        known(behaviour.get("cache_policy_id"))
        and behaviour["cache_policy_id"]
        and is_set(behaviour.get("forwarded_values"))
    ):
        yield invalid(
            (*at, "forwarded_values"),
            "The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior.",
        )
    if behaviour.get("cache_policy_id") in (None, "") and behaviour.get("forwarded_values") in (None, []):
        yield invalid(
            (*at, "cache_policy_id"),
            "The parameter ForwardedValues is required: give cache_policy_id or forwarded_values.",
        )
    kinds = [function.get("event_type") for _, function in blocks(behaviour, "function_association")]
    for kind in {kind for kind in kinds if isinstance(kind, str) and kinds.count(kind) > 1}:
        yield invalid((*at, "function_association"), f"two functions for the event {kind}")
    for _, function in blocks(behaviour, "function_association"):
        if isinstance(function.get("event_type"), str) and function["event_type"].startswith("origin-"):
            yield invalid(
                (*at, "function_association"),
                f"CloudFront functions run at viewer events alone, not at {function['event_type']}",
            )


def _viewer_certificate(config: State) -> Iterator[Refusal]:
    certificate = one(config, "viewer_certificate")
    at = ("viewer_certificate", 0)
    acm, own = certificate.get("acm_certificate_arn"), certificate.get("iam_certificate_id")
    default = certificate.get("cloudfront_default_certificate")
    if isinstance(acm, str) and acm and acm.count(":") >= 5 and acm.split(":")[3] != "us-east-1":
        yield Refusal(
            (*at, "acm_certificate_arn"),
            "InvalidViewerCertificate: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't "
            "valid, or doesn't include a valid certificate chain.",
            f"It is in {acm.split(':')[3]}.",
        )
    if (known(acm) and acm) or (known(own) and own):
        if unset(certificate, "ssl_support_method"):
            yield invalid(
                (*at, "ssl_support_method"),
                "ssl_support_method must be specified with a certificate of your own",
            )
    elif acm is None and own is None and default in (None, False) and certificate:
        yield invalid(
            at,
            "one of acm_certificate_arn, iam_certificate_id and cloudfront_default_certificate must be specified",
        )
    names = config.get("aliases")
    if isinstance(names, list) and names and default is True:
        yield Refusal(
            ("aliases",),
            "InvalidViewerCertificate: To add an alternate domain name (CNAME) to a CloudFront distribution, you "
            "must attach a trusted certificate",
        )


def _cloudfront_function(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html."""
    name, code = config.get("name"), config.get("code")
    if isinstance(name, str) and not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        yield invalid(
            ("name",),
            f"{name} is not a valid function name: up to 64 letters, digits, hyphens and underscores",
        )
    if isinstance(code, str) and len(code.encode()) > 10240:
        yield Refusal(
            ("code",),
            f"FunctionSizeLimitExceeded: a function is limited to 10240 bytes, got {len(code.encode())}",
        )


def _response_headers(config: State, _region: str | None) -> Iterator[Refusal]:
    names = (
        "cors_config",
        "custom_headers_config",
        "remove_headers_config",
        "security_headers_config",
        "server_timing_headers_config",
    )
    if all(unset(config, name) for name in names):
        yield invalid((), f"the policy has no headers: one of {', '.join(names)} must be specified")


def _waf_scope(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateIPSet.html and its sisters, Scope."""
    if config.get("scope") == "CLOUDFRONT" and region not in (None, "us-east-1"):
        yield Refusal(
            ("scope",),
            "WAFInvalidParameterException: The scope is not valid.",
            f"What WAF has for CloudFront is made in us-east-1; here the region is {region}.",
        )


def _web_acl(config: State, region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html."""
    yield from _waf_scope(config, region)
    default = one(config, "default_action")
    if default and UNKNOWN not in default.values() and sum(map(is_set, default.values())) != 1:
        yield Refusal(("default_action", 0), COMBINATION, "Exactly one of allow and block must be specified.")
    seen: dict[str, set[Any]] = {"name": set(), "priority": set()}
    for at, rule in blocks(config, "rule"):
        for name, given in seen.items():
            if known(rule.get(name)) and rule[name] in given:
                yield Refusal(
                    (*at, name), f"WAFDuplicateItemException: two rules have the {name} {rule[name]}"
                )
            given.add(rule.get(name))
        statement = one(rule, "statement")
        group = any(
            is_set(statement.get(f"{kind}_statement"))
            for kind in ("managed_rule_group", "rule_group_reference")
        )
        yield from _rate(statement, (*at, "statement", 0))
        wanted, other = ("override_action", "action") if group else ("action", "override_action")
        if UNKNOWN in statement.values():
            continue
        if statement and is_set(rule.get(other)):
            yield Refusal(
                (*at, other),
                "WAFInvalidParameterException: A reference in your rule statement is not valid.",
                f"A rule whose statement {'is' if group else 'is not'} a rule group takes {wanted}, not {other}.",
            )
        elif statement and not has_unknown(statement) and unset(rule, wanted):
            yield Refusal(
                (*at, wanted), "WAFInvalidParameterException: the rule has no action", f"It takes {wanted}."
            )


# What a rate needs beside each kind of key.
_RATE_KEYS = {
    "CONSTANT": "scope_down_statement",
    "CUSTOM_KEYS": "custom_key",
    "FORWARDED_IP": "forwarded_ip_config",
}


def _rate(statement: State, at: Path) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html."""
    for where, rate in blocks(statement, "rate_based_statement", at):
        kind = rate.get("aggregate_key_type")
        needed = _RATE_KEYS.get(kind) if isinstance(kind, str) else None
        if needed and unset(rate, needed):
            yield Refusal(
                (*where, "aggregate_key_type"),
                "WAFInvalidParameterException: Error reason: You have used none or multiple values for a field that "
                "requires exactly one value.",
                f"{kind} takes {needed} beside it.",
            )


def _web_acl_logging(config: State, _region: str | None) -> Iterator[Refusal]:
    """Source: https://docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html."""
    for position, destination in enumerate(listed(config.get("log_destination_configs"))):
        if isinstance(destination, str) and destination.count(":") >= 5:
            name = re.split(r"[:/]", destination.split(":", 5)[5])
            if not any(part.startswith("aws-waf-logs-") for part in name):
                yield Refusal(
                    ("log_destination_configs", position),
                    "WAFInvalidParameterException: Error reason: The ARN isn't valid.",
                    "A destination's name begins with aws-waf-logs-.",
                )


RULES: dict[tuple[str, str], Rule] = {
    ("resource", "aws_cloudfront_distribution"): _distribution,
    ("resource", "aws_cloudfront_function"): _cloudfront_function,
    ("resource", "aws_cloudfront_response_headers_policy"): _response_headers,
    ("resource", "aws_s3_bucket"): _bucket,
    ("resource", "aws_s3_bucket_lifecycle_configuration"): _lifecycle,
    ("resource", "aws_s3_bucket_logging"): _target_prefix,
    ("resource", "aws_s3_bucket_server_side_encryption_configuration"): _bucket_encryption,
    ("resource", "aws_wafv2_ip_set"): _waf_scope,
    ("resource", "aws_wafv2_regex_pattern_set"): _waf_scope,
    ("resource", "aws_wafv2_rule_group"): _waf_scope,
    ("resource", "aws_wafv2_web_acl"): _web_acl,
    ("resource", "aws_wafv2_web_acl_logging_configuration"): _web_acl_logging,
}
