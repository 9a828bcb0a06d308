"""A contract for import-linter, which knows what is forbidden but not what alone is allowed."""

from __future__ import annotations

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class AllowedContract(Contract):
    """Packages that import nothing but the standard library and what is listed, each with all that is below it."""

    source_modules = fields.SetField(subfield=fields.StringField())
    allowed_packages = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every import of these packages, in a function, too."""
        allowed = {*sys.stdlib_module_names, *self.allowed_packages}
        found = []
        for package in sorted(self.source_modules):
            for module in sorted({package, *graph.find_descendants(package)}):
                for other in sorted(graph.find_modules_directly_imported_by(module)):
                    if other.partition(".")[0] not in allowed:
                        lines = graph.get_import_details(importer=module, imported=other)
                        found.append(f"{module} imports {other} (line {lines[0]['line_number']})")
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Each import that is not allowed."""
        for line in check.metadata["found"]:
            output.print_error(f"- {line}")
