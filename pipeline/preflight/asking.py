"""Asks everything of an environment's account, and says what was answered."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from cloudmart_support.problem import Problem
from cloudmart_support.progress import step
from pipeline.preflight.answers import MISS, OK, Answer, refused, summed_up
from pipeline.preflight.clients import UNHEARD, Clients, caller, code_of
from pipeline.preflight.needs import Stack, placeholders
from pipeline.preflight.questions import QUESTIONS, answers

TOPICS = ("placeholders", *QUESTIONS, "cloudfront")
"""What can be accepted."""
_AT_ONCE = 8


def accepted(text: str) -> frozenset[str]:
    """The topics whose misses a person accepts, from a list with commas.

    Raises:
        Problem: there is no such topic.
    """
    named = frozenset(filter(None, (one.strip() for one in text.split(","))))
    if strange := sorted(named - set(TOPICS)):
        raise Problem(
            f"ACCEPT={','.join(strange)}: there is no such question; there are: {', '.join(TOPICS)}"
        )
    return named


def ask(
    clients: Clients, configuration: Mapping[str, Any], settings: Mapping[str, Any], state_folder: Path
) -> list[Answer]:
    """Every answer, in the order of the questions.

    `settings` as they are written, `state_folder` where a local state lies.

    Raises:
        Problem: AWS does not take the credentials, or does not answer at all.
    """
    who = caller(clients)
    found = [
        Answer(
            "placeholders",
            MISS,
            f"is {name} the account's own?",
            f"{value} stands for nobody's",
            f"write yours into the settings, {name}",
        )
        for name, value in placeholders(settings)
    ] or [Answer("placeholders", OK, "do the settings name the account's own?", "no placeholder is left")]
    stack = Stack(configuration, who.account)
    stack = Stack(configuration, who.account, _standing(clients, stack, state_folder))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for some in pool.map(lambda topic: answers(topic, clients, stack, who), QUESTIONS):
            found.extend(some)
    return found


def told(
    clients: Clients,
    configuration: Mapping[str, Any],
    settings: Mapping[str, Any],
    state_folder: Path,
    taken: Collection[str],
) -> tuple[int, str]:
    """Ask, and print what is not plainly ok; the exit code, 1 where something is missed, and the sum in words.

    Raises:
        Problem: AWS does not take the credentials, or does not answer at all.
    """
    with step("preflight: AWS asked, nothing made"):
        all_answers = ask(clients, configuration, settings, state_folder)
    for one in all_answers:
        if one.verdict != OK:
            print(one.text(one.verdict == MISS and one.topic in taken))
    summary = summed_up(all_answers, taken)
    print(f"preflight: {summary}")
    return (1 if refused(all_answers, taken) else 0), summary


def _standing(clients: Clients, stack: Stack, folder: Path) -> frozenset[str] | None:
    """Addresses of what the state knows, read as Terraform keeps it; None where it cannot be read."""
    kind, backend = stack.backend
    try:
        if kind == "s3":
            s3 = clients.of("s3", str(backend.get("region") or stack.region))
            text = s3.get_object(Bucket=backend["bucket"], Key=backend["key"])["Body"].read()
        else:
            text = (folder / str(backend.get("path") or "terraform.tfstate")).read_bytes()
        resources = json.loads(text).get("resources") or ()
        return frozenset(
            f"{one['type']}.{one['name']}"
            for one in resources
            if one.get("mode") == "managed" and not one.get("module") and one.get("instances")
        )
    except FileNotFoundError:
        return frozenset()
    except ClientError as error:
        return frozenset() if code_of(error) in ("NoSuchKey", "404") else None
    except (*UNHEARD, OSError, ValueError, KeyError, AttributeError):
        return None
