"""The stack of a team's roles, judged, planned and applied on the mock, and nothing left to do after it."""

from __future__ import annotations

import json


def test_the_roles_are_planned_and_made(project):
    file = project.root / "environments" / "state.yaml"
    file.write_text(file.read_text() + "\ndelivery:\n  repository: example-org/shop\n")
    code, words = project.local("plan", "state")
    assert code == 0, words
    code, words = project.local("apply", "state")
    assert code == 0, words
    state = json.loads((project.work("cloudmart-state") / "terraform.tfstate").read_text())
    arns = {
        instance["attributes"]["arn"]
        for resource in state["resources"]
        if resource["type"] == "aws_iam_role"
        for instance in resource["instances"]
    }
    # What `python -m pipeline role JOB` prints.
    assert arns == {
        f"arn:aws:iam::000000000000:role/cloudmart-{environment}-{job}"
        for environment in ("dev", "prod")
        for job in ("plan", "apply", "drift")
    }
    code, words = project.local("plan", "state")
    assert code == 0, words
    assert "there is nothing to apply" in words, words
