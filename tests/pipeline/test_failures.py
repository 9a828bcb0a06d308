"""Each failure's words, as Terraform, OpenTofu, the provider and AWS say them, and what a person is told."""

from __future__ import annotations

import pytest

from pipeline import failures

PLACE = failures.Place("cdktf.out/stacks/cloudmart-prod", "terraform", " ENV=prod")

LOCK = """\
Error acquiring the state lock
Error message: operation error S3: PutObject, https response error StatusCode: 412, PreconditionFailed
Lock Info:
  ID:        a1b2c3d4-0000-0000-0000-000000000000
  Path:      cloudmart-terraform-state-example/cloudmart-prod/terraform.tfstate
  Operation: OperationTypeApply
  Who:       alice@build-7
  Version:   1.11.4
  Created:   2026-11-23 12:00:00.5 +0000 UTC
  Info:
"""

# What is said, the start of what is told, a part of the cure.
CASES = [
    (LOCK, "the state is locked by alice@build-7 (apply) since 2026-11-23 12:00:00.5", "force-unlock a1b2c3d4"),
    ("Error acquiring the state lock\nresource temporarily unavailable", "the state is locked by someone", "wait"),
    (
        "Error: failed to refresh cached credentials, the SSO session has expired or is otherwise invalid",
        "the AWS credentials have expired",
        "aws sso login",
    ),
    (
        "operation error STS: GetCallerIdentity, https response error StatusCode: 403, api error ExpiredToken: "
        "The security token included in the request is expired",
        "the AWS credentials have expired",
        "sign in again",
    ),
    (
        "No valid credential sources found\nError: failed to refresh cached credentials, no EC2 IMDS role found",
        "there are no AWS credentials",
        "make plan ENV=prod LOCAL=1",
    ),
    ("Error: No valid credential sources found", "there are no AWS credentials", "make plan ENV=prod LOCAL=1"),
    (
        "api error InvalidClientTokenId: The security token included in the request is invalid.",
        "AWS does not accept the credentials",
        "aws sts get-caller-identity",
    ),
    (
        "Error: Failed to query available provider packages\nCould not retrieve the list of available versions for "
        "provider hashicorp/aws: could not connect to registry.terraform.io: failed to request discovery document: "
        'Get "https://registry.terraform.io/.well-known/terraform.json": dial tcp: lookup registry.terraform.io: no '
        "such host",
        "the provider hashicorp/aws cannot be had",
        "make plan ENV=prod LOCAL=1",
    ),
    (
        "provider registry.terraform.io/hashicorp/aws was not found in any of the search locations\n\n"
        "  - /empty/mirror",
        "the provider hashicorp/aws cannot be had",
        "provider_installation",
    ),
    (
        'Error: Failed to resolve provider packages\nlookup registry.opentofu.org on 10.0.0.2:53: no such host',
        "the provider hashicorp/aws cannot be had",
        "HTTPS_PROXY",
    ),
    (
        'Post "https://sts.ap-northeast-2.amazonaws.com/": dial tcp: lookup sts.ap-northeast-2.amazonaws.com: '
        "i/o timeout",
        "AWS cannot be reached over this network",
        "check the connection",
    ),
    (
        "Error: Unsupported Terraform Core version\nThis configuration does not support Terraform version 1.9.0.",
        "this terraform is too old",
        "TF=tofu",
    ),
    ("Error: Unsupported OpenTofu Core version", "this terraform is too old", "install a newer one"),
    ("write /x/terraform.tfstate: no space left on device", "the disk is full", "df -h cdktf.out"),
    (
        "Failed to save state\nError saving state: failed to upload state\nerrored.tfstate",
        "Terraform could not save its state",
        "state push errored.tfstate",
    ),
    ("Saved plan is stale", "what stands has changed since the plan was made", "make plan ENV=prod, read it"),
    (
        'Error: S3 bucket "cloudmart-states" does not exist.',
        "the bucket that keeps the state is not there",
        "make plan ENV=state",
    ),
    ("Error: Backend configuration changed", "the settings name another place for the state", "init -migrate-state"),
    (
        "Error: Inconsistent dependency lock file\nthe cached package does not match any of the checksums",
        "the provider that is there is not the one that the lock file names",
        ".terraform.lock.hcl",
    ),
    (
        "creating RDS DB Instance: api error AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: "
        "rds:CreateDBInstance",
        "the AWS identity in use may not do that",
        "have it allowed",
    ),
    ("api error AddressLimitExceeded: The maximum number of addresses", "a quota of the AWS account", "Service Quotas"),
    ("Error: Instance cannot be destroyed", "the configuration forbids to destroy this", "prevent_destroy"),
    ("Error: Plugin did not respond", "the provider did not start", ".terraform"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "what", "cure"), CASES)
def test_a_failure_is_told_with_its_cure(said, what, cure):
    known = failures.explain(said, PLACE)
    assert known is not None
    assert known[0].startswith(what)
    assert cure in known[1]


def test_words_that_nobody_knows_are_left_as_they_are():
    assert failures.explain("Error: Invalid value for variable", PLACE) is None


def test_terraforms_boxes_are_read_too():
    boxed = "╷\n│ Error: Error acquiring the state lock\n│ \n│   ID:        a1\n│   Who:       bob@laptop\n╵"
    assert failures.explain(boxed, PLACE) == (
        "the state is locked by bob@laptop",
        "wait for it to end, or ask there; only if that run is dead for sure: cd cdktf.out/stacks/cloudmart-prod && "
        "terraform force-unlock a1",
    )
