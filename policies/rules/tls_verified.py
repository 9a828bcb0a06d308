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
    by_hand="What stands in a script or an environment is code, and is changed where it is tested.",
)

_SET: Final = r"""["']?\s*[=:]\s*["']?"""
# Each with what is in all of its kind, in lower case: looking for that first is much faster.
_UNVERIFIED: Final = tuple(
    (words, re.compile(pattern, re.IGNORECASE))
    for words, pattern in (
        (
            ("sslmode", "ssl-mode", "ssl_mode"),
            rf"ssl[_-]?mode{_SET}(?:none|disabled?|allow|preferr?e?d?|required?|no-verify)\b",
        ),
        (("rejectunauthorized",), rf"rejectUnauthorized{_SET}(?:false|0)\b"),
        (("node_tls_reject_unauthorized",), rf"NODE_TLS_REJECT_UNAUTHORIZED{_SET}(?:0|false)\b"),
        (("verify",), r"\bverify\s*=\s*False\b"),
        (
            ("ssl",),
            r"\bssl[_-]?(?:cert[_-]?)?(?:verify|reqs|verify_mode|verify_peer)\w*"
            rf"{_SET}(?:false|none|0|no|off|CERT_NONE)\b",
        ),
        (("cert_none", "verify_none"), r"\b(?:ssl\.)?CERT_NONE\b|VERIFY_NONE\b"),
        (("pythonhttpsverify",), rf"PYTHONHTTPSVERIFY{_SET}0"),
        (
            ("skipverify", "skip_verify"),
            # VAULT_SKIP_VERIFY is read as Go reads a switch.
            rf"(?:InsecureSkipVerify|insecure_skip_verify|tls_skip_verify\w*|VAULT_SKIP_VERIFY){_SET}(?:true|t|1)\b",
        ),
        (
            ("verify_ssl", "verify-ssl", "verifyssl", "verify_tls", "verify-tls", "verifytls"),
            # Not what turns the checks off by being true: NO_VERIFY_SSL.
            r"(?<![^\W_])(?<!no[_-])(?<!skip[_-])(?<!disable[_-])"
            rf"verify[_-]?(?:ssl|tls)(?:_certs?)?{_SET}(?:false|none|0|no|off)\b",
        ),
        (("trustservercertificate",), rf"trustServerCertificate{_SET}(?:true|yes)\b"),
        (("verifyservercertificate",), rf"verifyServerCertificate{_SET}false\b"),
        (("usessl",), rf"\buseSSL{_SET}false\b"),
        (("curl",), r"\bcurl\b[^\n|;&]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$)"),
        (("--no-check-certificate",), r"\bwget\b[^\n|;&]*--no-check-certificate"),
        (
            ("git_ssl_no_verify", "sslverify"),
            rf"GIT_SSL_NO_VERIFY{_SET}(?:1|true)\b|http\.sslVerify[\s=]+false",
        ),
        (("strict-ssl", "sslverify"), r"strict-ssl[\s=:]+false\b|sslverify\s*=\s*(?:0|false|no)\b"),
        (
            ("tlsinsecure", "tlsallowinvalid", "sslinvalidhostname"),
            r"\b(?:tlsInsecure|tlsAllowInvalidCertificates|tlsAllowInvalidHostnames|sslInvalidHostNameAllowed)"
            r"\s*=\s*true\b|--tlsAllowInvalid\w+",
        ),
    )
)
# A Redis client without TLS, speaking to ElastiCache.
_REDIS: Final = re.compile(r"\bredis://(?P<rest>[^\s\"']*)", re.IGNORECASE)
_HINTS: Final = ("ssl", "tls", "verify", "unauthori", "curl", "wget", "cert", "redis")
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
        plain = text.casefold()
        if not any(hint in plain for hint in _HINTS):
            relevant = relevant or found.is_script
            continue
        if found.is_script:
            relevant = True
        if setting := _unverified(text, plain, found, resource):
            return failed(f"{found.path}: {setting}", found.path, at=resource)
        relevant = relevant or bool(re.search(r"(?i)ssl_?mode|rediss://", text))
    return doubt or (passed(at=resource) if relevant else not_applicable(at=resource))


def _unverified(text: str, plain: str, found: Text, resource: Resource) -> str | None:
    """What in a text turns certificate checks off. Of a service's own settings only texts count: an argument
    such as `ssl_mode` or `tls_verify` of a resource says what it does, just as an environment does."""
    for words, pattern in _UNVERIFIED:
        if any(word in plain for word in words) and (match := pattern.search(text)):
            shown = " ".join(HOLE.sub("…", match.group()).split())
            return f"{shown} turns certificate checks off"
    for match in _REDIS.finditer(text):
        rest = match["rest"]
        if ".cache.amazonaws.com" in rest or ".memorydb." in rest:
            return "redis:// connects to the cache without TLS"
        for index in HOLE.findall(rest):
            if resource.model.follow(found.holes[int(index)], *_STORES).resources:
                return "redis:// connects to the cache without TLS"
    return None
