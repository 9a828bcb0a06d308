"""`python -m pipeline.gitlab comment|fetch`: what a GitLab job asks of GitLab: the merge request's note, and its plan.

The job's own variables say where and about what (CI_API_V4_URL, CI_PROJECT_ID, ...); GITLAB_TOKEN is a project's access
token with the scope `api`, since a job's own token may neither write notes nor look for a commit's merge request.

Sources: https://docs.gitlab.com/api/notes/, https://docs.gitlab.com/api/job_artifacts/,
https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudmart_support.problem import Problem, guarded

_WAIT = 60.0
"""Seconds."""
_LARGEST = 2**30
"""Bytes of artefacts."""
_PAGE = 100


def comment(page: Path, environment: str, variables: Mapping[str, str]) -> None:
    """Write the merge request's one note about an environment, or renew it.

    Raises:
        Problem: GitLab does not take it, or the page is not there.
    """
    marker = f"<!-- the plan of {environment} -->"
    try:
        body = f"{marker}\n{page.read_text(encoding='utf-8')}"
    except OSError as error:
        raise Problem(f"{page}: cannot be read ({error.strerror})") from error
    if url := variables.get("CI_JOB_URL"):
        body += f"\n[The job, with the plan and its reports]({url})\n"
    notes = f"merge_requests/{_needed(variables, 'CI_MERGE_REQUEST_IID')}/notes"
    mine, number = None, 1
    while mine is None and (found := _json(variables, f"{notes}?per_page={_PAGE}&page={number}")):
        mine = next((note["id"] for note in found if str(note.get("body")).startswith(marker)), None)
        number += 1
    sent = json.dumps({"body": body}).encode()
    if mine is None:
        _asked(variables, notes, "POST", sent)
    else:
        _asked(variables, f"{notes}/{mine}", "PUT", sent)


def fetch(job: str, into: Path, variables: Mapping[str, str]) -> None:
    """Fetch the artefacts of a job of the merge request that brought the commit, into a new folder.

    Raises:
        Problem: there is no such merge request, or it has no such artefacts.
    """
    commit = _needed(variables, "CI_COMMIT_SHA")
    requests = _json(variables, f"repository/commits/{commit}/merge_requests")
    merged = [one["iid"] for one in requests if one.get("state") == "merged"]
    if not merged:
        raise Problem(
            f"{commit}: came by no merge request, so nobody has read a plan of it: make plan, read it, and make apply"
        )
    branch = urllib.parse.quote(f"refs/merge-requests/{merged[0]}/head", safe="")
    packed = _asked(
        variables, f"jobs/artifacts/{branch}/download?job={urllib.parse.quote(job, safe='')}", "GET"
    )
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        if sum(one.file_size for one in archive.infolist()) > _LARGEST:
            raise Problem(f"the artefacts of {job} are larger than {_LARGEST // 2**20} MiB")
        # Names that lead out of the folder are cut by zipfile itself.
        archive.extractall(into)


def _json(variables: Mapping[str, str], path: str) -> list[dict[str, Any]]:
    answer = json.loads(_asked(variables, path, "GET"))
    if not isinstance(answer, list):
        raise Problem(f"{path}: GitLab did not answer with a list")
    return answer


def _asked(variables: Mapping[str, str], path: str, method: str, body: bytes | None = None) -> bytes:
    url = f"{_needed(variables, 'CI_API_V4_URL')}/projects/{_needed(variables, 'CI_PROJECT_ID')}/{path}"
    if not url.startswith(("https://", "http://")):
        raise Problem(f"CI_API_V4_URL={url}: is no address of a web server")
    headers = {"PRIVATE-TOKEN": _needed(variables, "GITLAB_TOKEN"), "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_WAIT) as answer:
            content: bytes = answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise Problem(f"{method} {path}: GitLab answers {error.code} ({error.reason})") from error
    except OSError as error:
        raise Problem(f"{method} {path}: GitLab cannot be reached ({error})") from error
    if len(content) > _LARGEST:
        raise Problem(f"{path}: is larger than {_LARGEST // 2**20} MiB")
    return content


def _needed(variables: Mapping[str, str], name: str) -> str:
    if value := variables.get(name):
        return value
    raise Problem(
        f"{name}: is not set; {__name__} runs in a job of GitLab's, and the token is a variable of the project"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0, or 2 with words."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.gitlab", description="What a job asks of GitLab."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    note = commands.add_parser("comment", help="write or renew the merge request's note")
    note.add_argument("page", type=Path)
    got = commands.add_parser("fetch", help="fetch the artefacts of a job of the commit's merge request")
    got.add_argument("job")
    got.add_argument("into", type=Path)
    options = parser.parse_args(arguments)

    def run() -> int:
        if options.command == "comment":
            comment(options.page, _needed(os.environ, "ENV"), os.environ)
        else:
            fetch(options.job, options.into, os.environ)
        return 0

    return guarded(run)


if __name__ == "__main__":
    sys.exit(main())
