"""GitHub for tests: jobs of the project's own workflow files, run step by step, with what they ask answered.

A step's `run:` is executed as it is written, by bash, in a clone; a step that `uses:` an action does what that action
is known for here, and one that is not known fails. `gh` on the path is this file: it answers from a folder, and picks
with jq itself.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

STATE = "FORGE"


class GitHub:
    """One repository's comments, issues, merged commits, runs and artefacts, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        program = folder / "bin" / "gh"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).resolve()} "$@"\n')
        program.chmod(0o755)
        self.save({"comments": [], "issues": [], "pulls": {}, "runs": []})
        self.summary = folder / "summary"

    def load(self) -> dict:
        return json.loads((self.folder / "state.json").read_text())

    def save(self, state: dict) -> None:
        (self.folder / "state.json").write_text(json.dumps(state))

    def run(self, project, file, event, *, job=None, **given) -> tuple[int, str]:
        """One run of a workflow's jobs in a clone: exit code and words; `given` are contexts, such as `inputs`.

        `matrix` picks one of the matrix.
        """
        workflow = yaml.safe_load((project.root / ".github/workflows" / file).read_text())
        words = ""
        for name, body in workflow["jobs"].items():
            if job in (None, name):
                if "uses" in body:
                    inputs = {key: filled(text, given) or "" for key, text in body["with"].items()}
                    called = Path(body["uses"]).name
                    code, said = self.run(project, called, event, **{**given, "inputs": inputs})
                else:
                    code, said = self._job(project, workflow, body, {**given, "event": event})
                words += said
                if code:
                    return code, words
        return 0, words

    def _job(self, project, workflow, body, given) -> tuple[int, str]:
        number = given.get("number", 1)
        github = {
            "event_name": given["event"],
            "repository": "example/shop",
            "server_url": "https://github.com",
            "run_id": str(given.get("run", 1)),
            "sha": given.get("sha", ""),
            "token": "token",
            "event": {"pull_request": {"number": number, "head": {"repo": {"full_name": "example/shop"}}}},
        }
        steps: dict = {}
        contexts = {
            "github": github,
            "inputs": given.get("inputs", {}),
            "matrix": given.get("matrix", {}),
            "secrets": given.get("secrets", {}),
            "vars": {"LOCAL": "1", "AWS_REGION": "ap-northeast-2"},
            "steps": steps,
        }
        temporary = self.folder / "temporary"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        failed, said = 0, ""
        for step in body["steps"]:
            asked = step.get("if")
            always = asked is not None and "cancelled()" in str(asked)
            if (failed and not always) or (
                asked is not None and not value(str(asked), contexts, project.root)
            ):
                continue
            if "uses" in step:
                self._action(project, step["uses"].split("@")[0], step.get("with") or {}, contexts)
                continue
            output, script = temporary / "output", temporary / "script"
            output.write_text("")
            script.write_text(step["run"])
            environment = {
                **project.base,
                **{
                    name: filled(str(text), contexts, project.root)
                    for part in (workflow, body, step)
                    for name, text in (part.get("env") or {}).items()
                },
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "RUNNER_TEMP": str(temporary),
                STATE: str(self.folder),
                **given.get("environment", {}),
            }
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=project.root,
                env=environment,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
            said += done.stdout + done.stderr
            failed = failed or done.returncode
            lines = [line.partition("=") for line in output.read_text().splitlines()]
            steps[step.get("id", "")] = {
                "outputs": {name: text for name, _, text in lines},
                "outcome": "failure" if done.returncode else "success",
            }
        return failed, said

    def _action(self, project, name, about, contexts) -> None:
        """What an action does."""
        if name in ("actions/checkout", "actions/setup-python", "hashicorp/setup-terraform"):
            return
        if name == "github/codeql-action/upload-sarif":
            json.loads((project.root / filled(about["sarif_file"], contexts)).read_text())
        elif name == "actions/upload-artifact":
            target = (
                self.folder / "artefacts" / contexts["github"]["run_id"] / filled(about["name"], contexts)
            )
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(project.root / about["path"], target)
        else:
            raise AssertionError(f"{name}: nothing here plays it")


def value(text: str, contexts: dict, root: Path):
    """What an expression of GitHub's gives.

    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
    """
    text = text.strip().removeprefix("${{").removesuffix("}}")
    text = text.replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"!(?!=)", " not ", text)
    names = re.compile(r"'[^']*'|\b(?:github|inputs|matrix|secrets|vars|steps)(?:\.[\w-]+)+")

    def looked_up(match: re.Match) -> str:
        if match[0].startswith("'"):
            return match[0]
        found = contexts
        for part in match[0].split("."):
            found = found.get(part, "") if isinstance(found, dict) else ""
        return repr(found)

    functions = {
        "cancelled": lambda: False,
        "hashFiles": lambda pattern: "sum" if [*root.glob(pattern)] else "",
    }
    return eval(names.sub(looked_up, text).strip(), {"__builtins__": {}}, functions)


def filled(text: str, contexts: dict, root: Path = Path()) -> str:
    """A text with its expressions replaced."""
    return re.sub(r"\$\{\{.*?\}\}", lambda match: str(value(match[0], contexts, root)), str(text))


def main() -> int:
    """Be `gh`: as far as the workflows use it, and nothing beyond."""
    import jq

    folder = Path(os.environ[STATE])
    state = json.loads((folder / "state.json").read_text())
    words = sys.argv[1:]

    def option(*names: str) -> str:
        return next((words[words.index(name) + 1] for name in names if name in words), "")

    answer = None
    path = next((word for word in words if word.startswith("repos/")), "")
    method = option("--method") or "GET"
    if words[0] == "api" and path.endswith("/comments") and method == "GET":
        answer = state["comments"]
    elif words[0] == "api" and method in ("POST", "PATCH"):
        body = Path(option("-F").removeprefix("body=@")).read_text()
        if method == "POST":
            number = len(state["comments"]) + 1
            state["comments"].append({"id": number, "body": body, "user": {"login": "github-actions[bot]"}})
        else:
            (mine,) = [one for one in state["comments"] if str(one["id"]) == path.rpartition("/")[2]]
            mine["body"] = body
    elif words[0] == "api" and path.endswith("/pulls"):
        answer = state["pulls"].get(path.split("/")[-2], [])
    elif words[0] == "api" and "/actions/workflows/plan.yml/runs?" in path:
        head = re.search(r"head_sha=(\w+)", path)[1]
        answer = {"workflow_runs": [run for run in state["runs"] if run["head_sha"] == head]}
    elif words[:2] == ["run", "download"]:
        shutil.copytree(folder / "artefacts" / words[2] / option("--name"), option("--dir"))
    elif words[:2] == ["issue", "list"]:
        answer = [one for one in state["issues"] if one["state"] == "open"]
    elif words[:2] == ["issue", "create"]:
        body = Path(option("--body-file")).read_text()
        number = len(state["issues"]) + 1
        state["issues"].append({"number": number, "title": option("--title"), "body": body, "state": "open"})
    elif words[0] == "issue" and words[1] in ("edit", "close"):
        (one,) = [one for one in state["issues"] if str(one["number"]) == words[2]]
        one.update(
            {"state": "closed"} if words[1] == "close" else {"body": Path(option("--body-file")).read_text()}
        )
    else:
        raise SystemExit(f"gh {' '.join(words)}: nothing here plays it")
    (folder / "state.json").write_text(json.dumps(state))
    if answer is not None:
        for line in jq.compile(option("--jq")).input_value(answer).all():
            print(line if isinstance(line, str) else json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
