"""What Terraform and AWS say when something goes wrong, and what a person can do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a command ran, for the words of a cure: its folder, the product's command, `make`'s variables."""

    folder: str
    command: str
    make: str
    """What comes after `make plan`, as in ` ENV=prod LOCAL=1`."""


@dataclass(frozen=True)
class _Kind:
    pattern: re.Pattern[str]
    say: Callable[[str, Place], tuple[str, str]]


def _kind(pattern: str, what: str, cure: str) -> _Kind:
    """A failure that `pattern` knows by Terraform's words; `cure` may name the place's fields in braces."""

    def say(text: str, place: Place) -> tuple[str, str]:
        named = {"folder": place.folder, "command": place.command, "make": place.make}
        return what.format(**named), cure.format(**named)

    return _Kind(re.compile(pattern, re.I | re.S), say)


def _lock(text: str, place: Place) -> tuple[str, str]:
    told = dict(re.findall(r"^\W*(ID|Who|Operation|Created):\s+(\S.*?)\s*$", text, re.M))
    who = told.get("Who", "someone who left no name")
    doing = told.get("Operation", "").removeprefix("OperationType").lower()
    since = f" since {told['Created']}" if "Created" in told else ""
    cure = "wait for it to end, or ask there"
    if "ID" in told:
        cure += f"; only if that run is dead for sure: cd {place.folder} && {place.command} force-unlock {told['ID']}"
    return f"the state is locked by {who}{f' ({doing})' if doing else ''}{since}", cure


_LOCAL = "to go through it all with no AWS account: make plan{make} LOCAL=1"
_NONE = (
    "there are no AWS credentials",
    "sign in (AWS_PROFILE, aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); " + _LOCAL,
)

# The first that matches is told. The words are those of Terraform, OpenTofu, the provider and AWS's SDK.
_KINDS = (
    _kind(
        r"cannot import non-existent remote object",
        "an import names what is not there, or not in this account and region",
        "mend its id in environments/ENV.imports.toml, or take the entry out there; then make plan{make}",
    ),
    _kind(
        r"no space left on device|disk quota exceeded",
        "the disk is full",
        "free some space (df -h {folder}), then run the same again; the state that stands was not touched "
        "unless the lines above say so",
    ),
    _Kind(re.compile(r"error acquiring the state lock", re.I), _lock),
    _kind(
        r"failed to (?:persist|save) state|errored\.tfstate",
        "Terraform could not save its state where it belongs, and left it in errored.tfstate",
        "once its place can be written again: cd {folder} && {command} state push errored.tfstate",
    ),
    _kind(
        r"saved plan is stale|saved plan does not match|plan file can no longer be applied",
        "what stands has changed since the plan was made",
        "make plan{make}, read it, and apply that",
    ),
    # Before the next one: the SDK speaks of refreshing where there was nothing to refresh.
    _kind(r"no ec2 imds role found", *_NONE),
    _kind(
        r"expiredtoken|token (?:included in the request )?(?:is|has) expired|security token .{0,40}expired"
        r"|sso session (?:associated .{0,60})?has expired|refresh(?:ing)? cached (?:sso|credentials)"
        r"|requestexpired|session (?:has )?expired|token has expired",
        "the AWS credentials have expired",
        "sign in again (aws sso login, or new keys in the environment), then run the same again",
    ),
    _kind(r"no valid credential sources|unable to locate credentials", *_NONE),
    _kind(
        r"invalidclienttokenid|signaturedoesnotmatch|authfailure|unrecognizedclient|invalidaccesskeyid",
        "AWS does not accept the credentials",
        "check which account and keys are in use: aws sts get-caller-identity",
    ),
    _kind(
        r"unsupported (?:terraform|opentofu) core version",
        "this {command} is too old for the configuration",
        "install a newer one, or name another with TF=, as in TF=tofu",
    ),
    _kind(
        r"s3 bucket .{0,80}does not exist|nosuchbucket",
        "the bucket that keeps the state is not there",
        "make it first: make plan ENV=state, then make apply ENV=state; "
        "or correct state.bucket in the settings",
    ),
    _kind(
        r"backend configuration changed|backend type changed|unsetting the previously set backend"
        r"|backend initialization required|migrat(?:e|ing) (?:existing )?state",
        "the settings name another place for the state than the one that it is in",
        "move it: cd {folder} && {command} init -migrate-state; then run the same again",
    ),
    _kind(
        r"inconsistent dependency lock file|does not match any of the checksums|doesn't match any of the checksums"
        r"|locked provider .{0,80}does not match",
        "the provider that is there is not the one that the lock file names",
        "take the lock file out if you mean to change the provider: rm {folder}/.terraform.lock.hcl; "
        "then make plan{make}",
    ),
    _kind(
        r"could not connect to registry|failed to query available provider packages|failed to install provider"
        r"|could not retrieve the list of available versions|failed to request discovery document"
        r"|provider registry .{0,120}does not have|registry\.(?:terraform|opentofu)\.\S+.{0,200}"
        r"(?:no such host|timeout|refused|unreachable|forbidden|reset)|was not found in any of the search locations",
        "the provider hashicorp/aws cannot be had: no registry answers, and no mirror has it",
        "get on the network, set HTTPS_PROXY, or name a mirror in the Terraform CLI configuration "
        "(provider_installation); " + _LOCAL,
    ),
    _kind(
        r"no such host|temporary failure in name resolution|network is unreachable|i/o timeout"
        r"|connection (?:refused|reset|timed out)|tls handshake timeout|dial tcp|proxyconnect",
        "AWS cannot be reached over this network",
        "check the connection and HTTPS_PROXY, then run the same again; " + _LOCAL,
    ),
    _kind(
        r"accessdenied|unauthorizedoperation|not authorized to perform|is not authorized",
        "the AWS identity in use may not do that",
        "the lines above name the action: have it allowed, or sign in as a role that may",
    ),
    _kind(
        r"limitexceeded|quotaexceeded|toomany\w+|servicequota|maximum number of .{0,60}(?:reached|exceeded)",
        "a quota of the AWS account is used up",
        "ask for more (Service Quotas in the AWS console) or make room",
    ),
    _kind(
        r"lifecycle\.prevent_destroy|instance cannot be destroyed",
        "the configuration forbids to destroy this (prevent_destroy)",
        "if it has to go: take prevent_destroy out of the module, and plan and apply that first",
    ),
    _kind(
        r"failed to load plugin|plugin did not respond|plugin (?:process )?exited|unrecognized remote plugin",
        "the provider did not start, or ended in the middle",
        "run the same again; if it stays so, remove {folder}/.terraform and make plan{make}",
    ),
)


def explain(text: str, place: Place) -> tuple[str, str] | None:
    """What a failure's words mean, and the cure; None where they are not known."""
    for kind in _KINDS:
        if kind.pattern.search(text):
            return kind.say(text, place)
    return None
