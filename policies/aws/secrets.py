"""Secrets: the names that they go by, the forms that their issuers give them, and what under such a name is none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from policies.aws.texts import HOLE, NAMING, STORED

# --- names ---------------------------------------------------------------------------------------------

# Names in snake case, as PostgreSQL, MySQL, Redis, RabbitMQ, Rails, Spring, Laravel, the images on Docker Hub and CI
# systems call their secrets, and as the AWS provider does.
# Sources: the manuals of libpq (environment variables), MySQL, RabbitMQ (configuration), Rails (credentials) and
# Spring Boot (application properties); the pages of the official images; those of GitLab, GitHub, npm and Jenkins;
# redis-cli (REDISCLI_AUTH), Neo4j's image (NEO4J_AUTH), Airflow (FERNET_KEY), keytool (storepass, keypass), OpenLDAP
# (bindpw, rootpw) and Terraform (TF_TOKEN_ and a host's name).
# Written as one word, a name counts only with a beginning that is known: "compass" and "bypass" end like "dbpass", and
# a "clienttoken" counts requests.
_SECRET: Final = re.compile(
    r".*(?:passwords?|passwd|passphrase)"
    r"|(?:.*_)?(?:pass|pwd|pw|passcode|psk|pre_?shared_?key|requirepass|erlang_cookie)"
    r"|(?:.*_)?(?:db|database|root|admin|sa|sudo|smtp|e?mail|imap|user|store|keystore|truststore|key|bind|ldap|redis"
    r"|mongo|mysql|mariadb|pg|postgres|sql|rabbitmq?|mq|amqp|auth|proxy|ftp|ssh|vnc|login)(?:pass|pwd|pw)"
    r"|(?:.*_)?secret(?:_(?:string|binary|hash|token|(?:access_)?key(?:_base)?))?"
    r"|(?:.*_)?(?:client|jwt|app|api|auth|access|session|shared|user|admin|root|token|cookie|webhook|consumer)secret"
    r"|(?:.*_)?secret(?:access)?key"
    r"|(?:.*_)?(?:token|root_token_id|api_?key|private_?key|encryption_?key|signing_?key|account_?key|auth_?key"
    r"|jwt_?key|shared_?key|session_?key|(?:en)?crypt_?key|fernet_?key|credentials?)"
    r"|(?:.*_)?(?:auth|access|refresh|bearer|api|jwt|session|app|user|admin|root|bot|id|npm|git(?:hub|lab)|vault)token"
    r"|tf_token_\w+"
    r"|(?:.*_)?(?:rediscli|valkeycli|neo4_?j)_auth"
    r"|.*_pat"
)
# Names of keys that are as often no secret: their value has to look like one.
_MAYBE: Final = re.compile(r"(?:.*_)?(?:access|app|master|license)_?key")
_ENDING: Final = re.compile(r"_?\d+$|_(?:wo|value|plain|plaintext|text|b64|base64|default)$")
# Tokens that count changes, requests or pages. WAF's lock token stands in every plan of a web ACL that exists.
# Sources: the API references of EFS (CreationToken), EC2 (ClientToken), Secrets Manager (ClientRequestToken),
# WAF (LockToken) and Lambda (EventSourceToken, the id of an Alexa skill); the provider's arguments of these names
_COUNTERS: Final = re.compile(
    r"(?:.*_)?(?:creation|client|request|idempotency|idempotent|lock|next|continuation|pagination|page|change|resume|starting|event_source)_token"
)
# How charts name a Secret of Kubernetes that they take their secrets from.
_OBJECTS: Final = re.compile(r"(?:.*_)?(?:existing|image_pull|pull|tls)_secrets?")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
# Nothing else in `net user` says that a password follows.
HINTS: Final = (*NAMING, "psk", "cookie", "_pat", "cli_auth", "neo4j_auth", "net user", "net.exe user")
"""One of these, in lower case, is in every name of a secret, and in what hands one over without a name."""
_HINT: Final = re.compile(f"(?i){'|'.join(HINTS)}")


@lru_cache(maxsize=65536)
def _plain_name(name: str) -> str:
    """A name in snake case, without what counts it or says how its value is written."""
    plain = _CAMEL.sub("_", name).lower().strip("_")
    return _ENDING.sub("", _ENDING.sub("", plain))


@lru_cache(maxsize=65536)
def is_secret_name(name: str) -> bool:
    """Whether a name promises a secret: `DB_PASS`, `PGPASSWORD`, `clientSecret`; not `secret_arn`, `creation_token`."""
    if not _HINT.search(name):
        return False
    plain = _plain_name(name)
    return bool(_SECRET.fullmatch(plain)) and not (_COUNTERS.fullmatch(plain) or _OBJECTS.fullmatch(plain))


# --- values --------------------------------------------------------------------------------------------

# Values under such names that are no secrets: switches, units, and what says where the secret is.
_HARMLESS: Final = re.compile(
    r"\s*(?:(?i:true|false|yes|no|on|off|none|null|nil|undefined|required|optional|enabled|disabled|seconds|minutes"
    r"|hours|days)"
    r"|(?i:arn:.*|alias/.*|\{\{.*|<[^>]*>|%.*%)|[a-z][a-z0-9+.-]*://[^@]*|\*+"
    # Of a shell or a template: $NAME, also as the last in brackets, ${NAME}, $(command), and the hash of a password in
    # crypt's form.
    r"|\$\w*[\]}]*|\$[({].*|\$(?:\d|2[aby]|y|apr1|argon2\w*)\$.*"
    # A file, by its path or its ending; a parameter or secret by its path.
    r"|/[\w/.@+-]*|~/\S*|\.{1,2}/\S*|[\w./-]+\.(?:json|ya?ml|pem|key|crt|cert?|p12|pfx|jks|txt|env|conf|ini|gpg)"
    r"|(?:[a-z0-9][a-z0-9_.-]*/)+[a-z0-9_.-]*)?\s*",
    re.DOTALL,
)
_NUMBER: Final = re.compile(r"\s*\d{1,5}\s*")
_PASSWORD: Final = re.compile(r".*(?:pass(?:word|wd|phrase)?|pwd|pw)|(?:.*_)?pin")
# What a shell takes where a variable is not set, one default in another: ${NAME:-${OTHER:-this}}. After `?` and `+`
# there is a message or a mere sign.
_DEFAULT: Final = re.compile(r"""(?:\$\{[A-Za-z_]\w*:?[-=]["']?)+(?P<value>[^\s"'`}]*)""")
_NEO4J: Final = re.compile(r"(?:.*_)?neo4_?j_auth")
# A secret that is named after what it holds, and the name of one: words with hyphens or slashes between them.
_NAMED_AFTER: Final = re.compile(r".*_(?:password|passwd|key|credentials?)_secret")
_SLUG: Final = re.compile(r"[a-z][a-z0-9]*(?:[-/_.][a-z0-9]+)+")
# What stands in a parameter or secret until somebody sets it by hand.
_PLACEHOLDER: Final = re.compile(
    r"(?i)\s*(?:(?:change|replace|fill|set|update)[-_ ]?(?:me|it|this|in|later|manually)?"
    r"|to[-_ ]?(?:be[-_ ]?)?(?:set|changed|replaced)|placeholder|dummy|initial|todo|tbd|empty|example|n/?a"
    r"|not[-_ ]?set|x{3,})(?:[-_ ]?value)?\s*"
)
# What programs write where a value is taken from elsewhere: a call, an index, an attribute of something common.
_CODE: Final = re.compile(
    r"(?:str|string|text|bytes|number|integer|boolean|object|plaintext|SecureString)"
    # As in keytool's -storepass:file.
    r"|(?:file|env)"
    r"|(?:async|await|func|function|lambda|new|yield)"
    # YAML's tags of CloudFormation, Ansible and GitLab for what stands elsewhere, or is encrypted.
    r"|!(?:Ref|GetAtt|ImportValue|FindInMap|vault|reference)"
    r"|"
    r"[A-Za-z_]\w*(?:\.\w+)*[\[(].*"
    r"|(?:os|process|env|environ|ENV|config|settings|self|this|secrets?|args|params|event|context|data|json|var|local"
    r"|module|values|response|result|options|each|input|inputs|creds|credentials|System)\.[\w.]+",
    re.DOTALL,
)


def in_clear(name: str, value: str, *, in_program: bool = False) -> bool:
    """Whether a text under the name of a secret is one; in a program it may be an expression."""
    plain = _plain_name(name)
    if default := _DEFAULT.match(value):
        value = value[default.start("value") :].rstrip("}\"'")
    if _NEO4J.fullmatch(plain):
        # Its value is user/password, which looks like a path.
        value = value.removeprefix("neo4j/")
    if HOLE.match(value) or _HARMLESS.fullmatch(value) or (in_program and _CODE.fullmatch(value)):
        return False
    if _NUMBER.fullmatch(value):
        return bool(_PASSWORD.fullmatch(plain)) and len(value.strip()) > 3
    if plain == STORED and _PLACEHOLDER.fullmatch(value):
        return False
    return not (_NAMED_AFTER.fullmatch(plain) and _SLUG.fullmatch(value))


@lru_cache(maxsize=65536)
def _is_key_name(name: str) -> bool:
    """Whether a name is one under which as often no secret stands: `app_key`, `access_key`."""
    return bool(_MAYBE.fullmatch(_plain_name(name)))


def is_key_in_clear(name: str, value: str) -> bool:
    """Whether a text under a name such as `app_key` looks like a key: long, of letters and digits."""
    return (
        len(value) >= 16
        and _is_key_name(name)
        and bool(re.fullmatch(r"[\w+/=:.~-]+", value))
        and bool(re.search(r"\d", value))
        and bool(re.search(r"[A-Za-z]", value))
        and in_clear(name, value)
        and not _SLUG.fullmatch(value)
    )


# Sources: the formats that the issuers document and secret scanners look for.
_CREDENTIALS: Final = tuple(
    (what, marks, re.compile(pattern))
    # Each with what is in all of its kind: looking for that first is twenty times faster.
    for what, marks, pattern in (
        ("AWS access key", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b"),
        ("private key", ("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("private key", ("AGE-SECRET",), r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}"),
        (
            "GitHub token",
            ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
            r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
        ),
        (
            "GitLab token",
            ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"),
            r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{20,}",
        ),
        ("npm token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("PyPI token", ("pypi-",), r"\bpypi-AgEI[A-Za-z0-9_-]{20,}"),
        ("Docker token", ("dckr_",), r"\bdckr_[op]at_[A-Za-z0-9_-]{20,}"),
        ("Vault token", ("hvs.", "hvb.", "hvr."), r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
        (
            "Slack token",
            ("xox", "xapp-"),
            r"\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,}",
        ),
        (
            "Slack webhook",
            ("hooks.slack",),
            r"\bhooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{20,}",
        ),
        ("Stripe key", ("k_live_",), r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
        ("SendGrid key", ("SG.",), r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
        (
            "OpenAI or Anthropic key",
            ("sk-",),
            r"\bsk-(?:proj-|ant-|svcacct-)[A-Za-z0-9_-]{20,}|\bsk-[A-Za-z0-9]{40,}\b",
        ),
        ("DigitalOcean token", ("_v1_",), r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
        ("Shopify token", ("shp",), r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
        ("Google key", ("AIza",), r"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("Azure storage key", ("AccountKey=",), r"\bAccountKey=[A-Za-z0-9+/]{60,}={0,2}"),
        (
            "JSON web token",
            ("eyJ",),
            r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        ),
        (
            "password in a URL",
            ("://",),
            r"(?<=[a-z0-9+.-][a-z0-9+.-])://[^\s/:@\"'$<{]*:(?![$<{%*\ue000])[^\s/:@\"']{3,}@",
        ),
    )
)
MARKS: Final = tuple(mark for _what, marks, _pattern in _CREDENTIALS for mark in marks)
"""One of these is in whatever has a known form."""


def credential_in(text: str) -> str:
    """What kind of credential stands in a text by its form (`GitHub token`), or ""."""
    for what, marks, pattern in _CREDENTIALS:
        for mark in marks:
            if mark in text and pattern.search(text):
                return what
    return ""


_ASSIGNMENT: Final = re.compile(
    # From the first letter of a word on: begun anew at each, a long word takes the square of its length.
    r"""(?:(?=\$)|(?<![A-Za-z0-9_.-])[0-9.-]*)(?P<scope>\$(?:[A-Za-z]+:(?=[A-Za-z_]))?)?"""
    r"""(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)["']?\]?[ \t]*(?P<sign>=>?|:=|:(?!/))[ \t]*["']?(?P<value>[^\s"'`;,&|)]+)"""
)
_COMMENT: Final = re.compile(r"(?:#|//)(?!\s*(?:export\s+)?\w+=)")
# What asks for a password, and takes it from its input if it is given one there.
_LOGIN: Final = r"\b(?:docker|podman|nerdctl|buildah|helm|skopeo|crane|oras)\b[^\n|;&]*?\blogin\b"
# What commands are given by position or after an option, each with what is in all of its kind, in lower case.
# Sources: the manuals of these programs.
_COMMANDS: Final = tuple(
    (what, words, re.compile(pattern + r"""["']?(?P<value>[^\s"'`;&|<>]+)"""))
    for what, words, pattern in (
        (
            "an Authorization header",
            ("authorization",),
            r"(?i:\bauthorization[\"']?[ \t]*[:=][ \t]*[\"']?(?:bearer|basic|token)[ \t]+)",
        ),
        (
            "ConvertTo-SecureString",
            ("convertto-securestring",),
            r"(?i:\bConvertTo-SecureString(?:[ \t]+-(?:AsPlainText|Force|String))*[ \t]+)(?=[\"'])",
        ),
        ("mysql -p", ("mysql",), r"\bmysql(?:dump|admin|import)?\b[^\n|;&]*?\s-p(?=[^\s$])"),
        ("sshpass -p", ("sshpass",), r"\bsshpass[ \t]+-p[ \t]*"),
        ("redis-cli -a", ("-cli",), r"\b(?:redis|valkey)-cli\b[^\n|;&]*?\s-a[ \t]+"),
        ("requirepass", ("requirepass", "masterauth"), r"\b(?:requirepass|masterauth)[ \t]+"),
        (
            "curl -u",
            ("curl", "wget"),
            r"\b(?:curl|wget)\b[^\n|;&]*?\s(?:-u|--user)[ \t]+[\"']?[^\s:\"'$]+:",
        ),
        (
            "login -p",
            ("login",),
            r"\b(?:docker|podman|nerdctl|helm|skopeo)\b[^\n|;&]*?\blogin\b[^\n|;&]*?\s-p[ \t]+",
        ),
        ("htpasswd -b", ("htpasswd",), r"\bhtpasswd\b[^\n|;&]*?\s-\w*b\w*[ \t]+\S+[ \t]+\S+[ \t]+"),
        (
            "IDENTIFIED BY",
            ("identified", "password"),
            r"(?i:\bidentified[ \t]+by|\b(?:role|user)\b[^\n;]*?\bpassword)[ \t]+(?=[\"'])",
        ),
        (
            "SET PASSWORD",
            ("password",),
            # A star and forty digits are a hash.
            r"(?i:\bset[ \t]+password\b[^\n;=]{0,200}=[ \t]*(?:(?:old_)?password[ \t]*\([ \t]*)?)"
            r"(?=[\"'](?!\*[0-9A-Fa-f]{40}))",
        ),
        (
            "net user",
            ("net user", "net.exe user"),
            # Only where a command begins: prose speaks of users of the net, too.
            r"(?m:^|[-;&|(>\"'`@]|/[ck])[ \t]*(?i:net(?:\.exe)?[ \t]+user)[ \t]+"
            r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s/\"'][^\s\"']*)[ \t]+(?![\"']?[/*($%])",
        ),
        (
            "netrc",
            ("machine",),
            # In a file or on one line, also with the breaks written as \n. A host has more than letters in its name.
            r"\bmachine[ \t]+(?:localhost|[A-Za-z]*[^\sA-Za-z\\][^\s\\]*)(?:\s|\\n)+"
            r"(?:(?:login|account)[ \t]+[^\s\\]+(?:\s|\\n)+){0,2}password[ \t]+",
        ),
        ("passwd --stdin", ("passwd",), r"\bpasswd\b[^\n|;&<]*<<<[ \t]*"),
        ("login --password-stdin", ("login",), _LOGIN + r"[^\n|;&<]*<<<[ \t]*"),
    )
)
# What stands in a command that hands a secret over without a name for it.
_SWITCH: Final = re.compile(r"\s-|(?i:\bnet(?:\.exe)?[ \t]+user|identified[ \t]+by|masterauth|securestring)")
_OPTION: Final = re.compile(
    r"""(?<!\S)--?(?P<name>[a-z][a-z-]+)[ \t]+["']?(?P<value>[^\s"'`;&|<>-][^\s"'`;&|<>]*)"""
)
# As in define('DB_PASSWORD', '...'), setdefault("TOKEN", "...") and the like.
_CALL: Final = re.compile(r"""\([ \t]*["'](?P<name>[\w.-]+)["'][ \t]*,[ \t]*["'](?P<value>[^"'\s]+)["']""")
# What stands before a pipe whose reader takes a password from there.
_ECHOED: Final = (
    r"""\b(?:echo|printf)[ \t]+(?:-[neE]+[ \t]+)?(?:["']?%s(?:\\n)?["']?[ \t]+)?["']?"""
    r"""(?P<value>[^\s"'`;&|<>$][^\s"'`;&|<>]*)["']?[ \t]*\|[ \t]*(?:sudo[ \t]+(?:-\w+[ \t]+)?)?"""
)
_PIPED: Final = (
    ("passwd --stdin", ("passwd",), re.compile(_ECHOED + r"passwd\b")),
    ("login --password-stdin", ("login",), re.compile(_ECHOED + _LOGIN)),
)
_ACCOUNTS: Final = tuple(
    ("chpasswd", ("chpasswd",), re.compile(pattern))
    for pattern in (
        r"""[\w.-]+:(?P<value>[^\s"'$:]{4,})["']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd""",
        # A list of users with their passwords, as cloud-init takes it.
        r"chpasswd:[^\S\n]*\n(?:[^\n]*\n)?[^\S\n]+list:[^\n]*\n[^\S\n]+[\w.-]+:(?P<value>[^\s:$]{4,})",
    )
)
# As manifests and lists of variables in YAML have it: the name in one line, its value in the next.
_PAIR: Final = re.compile(
    r"""^[ \t-]*["']?(?i:name|key)["']?:[ \t]*["']?(?P<name>[\w.-]+)["']?[ \t]*\r?\n"""
    r"""[ \t]*["']?(?i:value)["']?:[ \t]*["']?(?P<value>[^\s"'{\[|>][^\s"']*)""",
    re.MULTILINE,
)
_ELEMENT: Final = re.compile(r"<(?P<name>[\w.-]+)>(?P<value>[^<\s]{4,})</")


# The sections of a buildspec's `env` that map variables to the names of secrets and parameters.
# Source: the buildspec reference of CodeBuild
_SECTIONS: Final = ("secrets-manager", "parameter-store")
_KEY: Final = re.compile(
    r"""(?P<indent>[ ]*)["']?(?P<key>[\w-]+)["']?[ \t]*:[ \t]*(?:#.*|(?P<flow>\{.*))?$"""
)


def _without_sections_of_names(text: str) -> str:
    """A buildspec without the lines that say where its secrets are: `DB_PASSWORD: prod/db:password`."""
    if not any(section in text for section in _SECTIONS):
        return text
    kept: list[str] = []
    # How far what they hold is indented more than: of `env`, and of a section in it.
    env: int | None = None
    section: int | None = None
    inner: int | None = None
    for line in text.split("\n"):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            kept.append(line)
            continue
        indent = len(line) - len(line.lstrip(" "))
        if section is not None and indent > section:
            continue
        section = None
        if env is not None and indent <= env:
            env = None
        if env is not None and inner is None:
            inner = indent
        found = _KEY.match(line.rstrip())
        if found and env is not None and indent == inner and found["key"] in _SECTIONS:
            section = indent
            if found["flow"]:
                continue
        elif found and env is None and found["key"] == "env" and not found["flow"]:
            env, inner = indent, None
        kept.append(line)
    return "\n".join(kept)


def setting_in(text: str) -> str:
    """The name under which a program, a script or a file of settings sets a secret in clear, or ""."""
    if not _HINT.search(text) and not _SWITCH.search(text):
        return ""
    text = _without_sections_of_names(text)
    for match in _ASSIGNMENT.finditer(text):
        name, value = match["name"], match["value"]
        if "=" in value and not is_secret_name(name):
            # As in --from-literal=password=..., or --set=auth.password=...
            name, _, value = value.rpartition("=")
            name = name.rpartition("=")[2].strip("\"'")
        # Its default may stand in quotes, where the value of an assignment ends.
        expanded = match.start() - 2 if text.endswith("${", 0, match.start()) else match.start("value")
        if text.startswith("${", expanded):
            default = _DEFAULT.match(text, expanded)
            if default is None:
                continue
            value = default["value"]
        if len(value) < 4:
            continue
        if is_secret_name(name):
            line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip()
            prose = match["sign"] == ":" and _COMMENT.match(line)
            handed_on = is_secret_name(value) and text[match.end() : match.end() + 1] in (")", ",")
            # PowerShell, PHP and Perl write a `$` before a variable that they set, and quotes around a text: whatever
            # has none is an expression.
            of_variable = (
                match["scope"] and match["sign"] == "=" and text[match.start("value") - 1] not in "\"'"
            )
            if not (prose or handed_on or of_variable) and in_clear(name, value, in_program=True):
                return name
        elif is_key_in_clear(name, value):
            return name
    plain = text.casefold()
    for what, words, pattern in (*_COMMANDS, *_PIPED, *_ACCOUNTS):
        if not any(word in plain for word in words):
            continue
        for match in pattern.finditer(text):
            if len(match["value"]) >= 4 and in_clear("password", match["value"], in_program=True):
                return what
    for pattern in (_OPTION, _ELEMENT, _CALL, _PAIR):
        for match in pattern.finditer(text):
            name, value = match["name"], match["value"]
            if len(value) >= 4 and is_secret_name(name) and in_clear(name, value, in_program=True):
                return name
    return ""


def unseen_setting_in(text: str) -> tuple[str, int] | None:
    """The name under which a program sets a secret to a value that is not seen, with the number of its hole."""
    if _HINT.search(text) and HOLE.search(text):
        text = _without_sections_of_names(text)
        for pattern in (_ASSIGNMENT, _CALL, _PAIR):
            for match in pattern.finditer(text):
                hole = HOLE.fullmatch(match["value"].rstrip("\"'"))
                if hole and is_secret_name(match["name"]):
                    return match["name"], int(hole.group(1))
    return None
