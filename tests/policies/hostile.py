"""A repository whose files take the names of whatever a program near it may import, and say when they run."""

from __future__ import annotations

from pathlib import Path

MODULES = (
    "argparse", "conftest", "json", "logging", "mock_provider/__init__", "mock_provider/__main__",
    "pathlib", "pip", "policies/__init__", "policies/__main__", "policies/staged", "policies/workflow",
    "re", "setup", "sitecustomize", "staged", "subprocess", "support", "tempfile", "tomllib", "typing",
    "usercustomize", "venv", "workflow",
)  # fmt: skip


def plant(folder: Path, marker: Path) -> None:
    """Write the files; each appends its name to `marker` when it runs."""
    for name in MODULES:
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(marker)!r}, 'a').write({name!r} + '\\n')\n")
    for package in ("support", "cloudmart_support", "cloudmart_pages", "jinja2", "markupsafe"):
        (folder / package).mkdir(exist_ok=True)
        (folder / package / "__init__.py").write_text(f"open({str(marker)!r}, 'a').write('{package}\\n')\n")
    (folder / "evil.pth").write_text(f"import os; open({str(marker)!r}, 'a').write('pth\\n')\n")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbackend-path = ["."]\nbuild-backend = "setup"\n'
    )
    (folder / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/\n")
