from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.aws.texts import HOLE, Text, is_script, texts_of
from policies.engine.model import Model, Resource
from policies.engine.parameters import Parameters
from policies.engine.verdicts import (
    SECRETS,
    Protected,
    Rule,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

RULE = Rule(
    title="Clients check the certificates of what they connect to",
    family=SECRETS,
    severity="high",
    types=("*",),
    why=(
        "Encryption without a checked certificate protects from nobody who can stand in between: the client "
        "hands its password to whoever answers."
    ),
    fix="""\
# in user data or an environment
DATABASE_SSLMODE=verify-full
DATABASE_SSLROOTCERT=/etc/ssl/certs/rds-global-bundle.pem
REDIS_URL=rediss://...
""",
    link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html",
    controls=("Well-Architected SEC09-BP02",),
    protects=(
        Protected(
            "aws_launch_template",
            "user_data",
            # In base64: a script that exports NODE_TLS_REJECT_UNAUTHORIZED=0.
            weaker=("IyEvYmluL2Jhc2gKZXhwb3J0IE5PREVfVExTX1JFSkVDVF9VTkFVVEhPUklaRUQ9MAo=",),
        ),
    ),
)

_SET: Final = r"""["']?\s*[=:]\s*["']?"""
_UNVERIFIED: Final = re.compile(
    rf"(?P<sslmode>ssl[_-]?mode{_SET}(?:none|disabled?|allow|preferr?e?d?|required?|no-verify)\b)"
    rf"|(?P<rejectUnauthorized>rejectUnauthorized{_SET}(?:false|0)\b)"
    rf"|(?P<NODE_TLS_REJECT_UNAUTHORIZED>NODE_TLS_REJECT_UNAUTHORIZED{_SET}(?:0|false)\b)"
    r"|(?P<verify>\bverify\s*=\s*False\b)"
    rf"|(?P<ssl_verify>\bssl[_-]?(?:cert[_-]?)?(?:verify|reqs|verify_mode|verify_peer)\w*{_SET}(?:false|none|0|no|off|CERT_NONE)\b)"
    rf"|(?P<CERT_NONE>\b(?:ssl\.)?CERT_NONE\b|VERIFY_NONE\b)"
    rf"|(?P<PYTHONHTTPSVERIFY>PYTHONHTTPSVERIFY{_SET}0)"
    rf"|(?P<InsecureSkipVerify>(?:InsecureSkipVerify|insecure_skip_verify|tls_skip_verify\w*){_SET}(?:true|1)\b)"
    rf"|(?P<trustServerCertificate>trustServerCertificate{_SET}(?:true|yes)\b)"
    rf"|(?P<verifyServerCertificate>verifyServerCertificate{_SET}false\b)"
    rf"|(?P<useSSL>\buseSSL{_SET}false\b)"
    r"|(?P<curl>\bcurl\b[^\n|;&]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$))"
    r"|(?P<wget>\bwget\b[^\n|;&]*--no-check-certificate)"
    rf"|(?P<GIT_SSL_NO_VERIFY>GIT_SSL_NO_VERIFY{_SET}(?:1|true)\b|http\.sslVerify[\s=]+false)"
    rf"|(?P<strict_ssl>strict-ssl[\s=:]+false\b|sslverify\s*=\s*(?:0|false|no)\b)"
    r"|(?P<tlsInsecure>\b(?:tlsInsecure|tlsAllowInvalidCertificates|tlsAllowInvalidHostnames|sslInvalidHostNameAllowed)\s*=\s*true\b"
    r"|--tlsAllowInvalid\w+)",
    re.IGNORECASE,
)
# A Redis client without TLS, speaking to ElastiCache.
_REDIS: Final = re.compile(r"\bredis://(?P<rest>[^\s\"']*)", re.IGNORECASE)
_HINTS: Final = ("ssl", "tls", "verify", "unauthori", "curl", "wget", "cert", "redis")
_HINT: Final = re.compile(f"(?i){'|'.join(_HINTS)}")
_STORES: Final = ("aws_elasticache_replication_group", "aws_elasticache_cluster", "aws_memorydb_cluster")


def check_model(model: Model, parameters: Parameters) -> Iterator[Verdict]:
    for resource in model.resources:
        yield _judge(resource)


def _judge(resource: Resource) -> Verdict:
    relevant = False
    doubt: Verdict | None = None
    texts = texts_of(resource)
    if not texts.may_mention(_HINTS):
        return not_applicable(at=resource)
    for found in texts:
        if not isinstance(found, Text):
            path, name, value = found
            if is_script(name):
                doubt = unknown(value, path, at=resource)
            continue
        # A setting in a map counts with its name: PGSSLMODE = "require".
        text = found.text if found.is_script else f"{found.name}={found.text}"
        if not _HINT.search(text):
            relevant = relevant or found.is_script
            continue
        if found.is_script:
            relevant = True
        if setting := _unverified(text, found, resource):
            return failed(f"{found.path}: {setting}", found.path, at=resource)
        relevant = relevant or bool(re.search(r"(?i)ssl_?mode|rediss://", text))
    return doubt or (passed(at=resource) if relevant else not_applicable(at=resource))


def _unverified(text: str, found: Text, resource: Resource) -> str | None:
    """What in a text turns certificate checks off. Of a service's own settings only texts count: an argument
    such as `ssl_mode` or `tls_verify` of a resource says what it does, just as an environment does."""
    if match := _UNVERIFIED.search(text):
        words = " ".join(HOLE.sub("…", match.group()).split())
        return f"{words} turns certificate checks off"
    for match in _REDIS.finditer(text):
        rest = match["rest"]
        if ".cache.amazonaws.com" in rest or ".memorydb." in rest:
            return "redis:// connects to the cache without TLS"
        for index in HOLE.findall(rest):
            if resource.model.follow(found.holes[int(index)], *_STORES).resources:
                return "redis:// connects to the cache without TLS"
    return None
