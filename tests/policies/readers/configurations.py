"""Whole configurations made at random, the same ones for the same seed: a root that calls each as a module.

Each has variables of all types, given and not, by the call and by a file of variables; locals over them; resources
with `count`, `for_each`, dynamic blocks and conditions; data sources that nobody answers; and modules of its own.
What a function may refuse stands in `try`, so that Terraform plans every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from expressions import Expressions

FIELDS = '{ a = string, b = optional(number, 3), c = optional(list(string), ["x"]) }'
# Names, types, defaults, and values that a caller may give: of the type, or what Terraform converts to it.
VARIABLES = (
    ("text", "string", '"x"', ('"given"', "12", "true", "1.50", "null")),
    ("number", "number", "2", ("1", '"3"', "null")),
    ("flag", "bool", "false", ("true", '"true"', "null")),
    ("list", "list(string)", '["a", "b"]', ('["c"]', '[1, true, "x"]', '["a", "b", "c"]', "[]")),
    ("set", "set(string)", '["a", "a", "b"]', ('["z", "y", "z"]', "[1, 2]", "[]")),
    ("map", "map(string)", '{ k = "v" }', ('{ a = 1, b = "x" }', "{}", '{ "a b" = true }')),
    ("object", f"object({FIELDS})", '{ a = "x" }', ("{ a = 1 }", '{ a = "y", b = "7", d = 1 }')),
    ("objects", f"map(object({FIELDS}))", "{}", ('{ p = { a = "x", c = [1] }, q = { a = true } }',)),
    ("any", "any", "null", ("1", '["a", 1]', '{ a = ["x"] }', '"text"')),
    ("strict", "string", '"kept"', ("null", '"other"')),
)  # fmt: skip


class Named(Expressions):
    """Expressions over names: `names` has some for each kind of value."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.names: dict[str, list[str]] = {}

    def _name(self, kind: str, otherwise: str) -> str:
        names = self.names.get(kind)
        return self.random.choice(names) if names and self.random.random() < 0.4 else otherwise

    def text(self, depth: int) -> str:
        return self._name("text", super().text(depth))

    def number(self, depth: int) -> str:
        return self._name("number", super().number(depth))

    def bool(self, depth: int) -> str:
        return self._name("bool", super().bool(depth))

    def list(self, depth: int) -> str:
        return self._name("list", super().list(depth))

    def map(self, depth: int) -> str:
        return self._name("map", super().map(depth))


@dataclass
class Configurations:
    """A source of configurations."""

    seed: int

    def write(self, number: int) -> dict[str, str]:
        """The files of a root with so many configurations, by path."""
        root = [
            'provider "aws" {\n  region = "eu-west-1"\n}',
            'variable "unset" {}',
            'variable "told" {\n  type = string\n}',
            'data "aws_ssm_parameter" "asked" {\n  name = "asked"\n}',
        ]
        files = {"terraform.tfvars": 'told = "from a file"\n'}
        for index in range(number):
            one = _One(f"c{index}", Named(self.seed * 10_000 + index))
            files |= {f"c{index}/{name}": text for name, text in one.files().items()}
            root.append(one.call())
        files["main.tf"] = "\n".join(root) + "\n"
        return files


class _One:
    """One configuration."""

    def __init__(self, name: str, source: Named) -> None:
        self.name = name
        self.source = source
        self.random = source.random
        self.lines: list[str] = []
        self.given: list[str] = []
        self.child: list[str] = []

    def files(self) -> dict[str, str]:
        self._variables()
        self._locals()
        self.lines.append('data "aws_caller_identity" "me" {}')
        self._text_names("data.aws_caller_identity.me.account_id")
        if self.random.random() < 0.6:
            self._module()
        for index in range(self.random.randint(1, 4)):
            self._resource(index)
        files = {"main.tf": "\n".join(self.lines) + "\n"}
        if self.child:
            files["child/main.tf"] = "\n".join(self.child) + "\n"
        return files

    def call(self) -> str:
        number = self.random.choice(("", "", "", "  count = 2\n", '  for_each = toset(["x", "y z"])\n'))
        given = "".join(f"  {line}\n" for line in self.given)
        return f'module "{self.name}" {{\n  source = "./{self.name}"\n{number}{given}}}'

    def _text_names(self, *names: str) -> None:
        self.source.names.setdefault("text", []).extend(names)

    def _variables(self) -> None:
        kinds = {"string": "text", "number": "number", "bool": "bool", "any": "text"}
        for name, type, default, values in VARIABLES:
            lines = [f'variable "{name}" {{', f"  type = {type}"]
            if has_default := self.random.random() < 0.7:
                lines.append(f"  default = {default}")
            if name == "strict":
                lines.append("  nullable = false")
                values = values if has_default else values[1:]
            self.lines += [*lines, "}"]
            chance = self.random.random()
            if not has_default or chance < 0.4:
                unknown = self.random.choice(("var.unset", "data.aws_ssm_parameter.asked.value"))
                scalar = type in kinds
                told = ("var.told",) if type in ("string", "any") else ()
                value = self.random.choice((*values, *told))
                self.given.append(f"{name} = {unknown if scalar and self.random.random() < 0.25 else value}")
            kind = kinds.get(type, "map" if type.startswith(("map", "object")) else "list")
            self.source.names.setdefault(kind, []).append(f"var.{name}")
        self._text_names("var.object.a", 'try(var.map["k"], "none")')
        self.source.names["number"].append("var.object.b")
        self.source.names["list"].append("var.object.c")

    def _locals(self) -> None:
        for index in range(self.random.randint(1, 6)):
            kind = self.random.choice(("text", "number", "bool", "list", "map"))
            self.lines.append(f"locals {{\n  l{index} = {self._of(kind, 2)}\n}}")
            self.source.names.setdefault(kind, []).append(f"local.l{index}")

    def _of(self, kind: str, depth: int) -> str:
        """An expression of a type, whatever is made of it."""
        made = getattr(self.source, kind)(depth)
        return {
            "text": lambda: f'try(tostring({made}), "none")',
            "number": lambda: f"try(tonumber({made}), 1)",
            "bool": lambda: f"try(tobool({made}), false)",
            "list": lambda: f"try(tolist({made}), [])",
            "map": lambda: f"try(tomap({made}), {{}})",
        }[kind]()

    def _truth(self) -> str:
        """A condition, which is never null."""
        return f"try(coalesce({self._of('bool', 1)}, false), false)"

    def _number(self) -> str:
        """A `count` or `for_each`, and the names that go with it."""
        choice = self.random.random()
        if choice < 0.35:
            return ""
        if choice < 0.6:
            few = f"try(max(0, min(3, floor({self.source.number(1)}))), 1)"
            return f"  count = {self.random.choice((few, few, f'{self._truth()} ? 1 : 0'))}\n"
        if choice < 0.8:
            names = f"[for name in try(tolist({self.source.list(1)}), []) : tostring(name) if name != null]"
            return f"  for_each = toset(try(slice({names}, 0, 2), {names}, []))\n"
        return (
            f"  for_each = {self.random.choice(('var.objects', 'var.map', 'var.set', '{ a = 1, b = 2 }'))}\n"
        )

    def _resource(self, index: int) -> None:
        number = self._number()
        before = {kind: list(names) for kind, names in self.source.names.items()}
        if number.startswith("  count"):
            self.source.names["number"] += ["count.index"] * 3
        elif number:
            self._text_names("each.key", "each.key", "try(each.value.a, each.key)")
        kind = self.random.choice(
            ("aws_ebs_volume", "aws_sqs_queue", "aws_security_group", "aws_db_instance")
        )
        self.lines.append(f'resource "{kind}" "r{index}" {{\n{number}{getattr(self, f"_{kind}")()}}}')
        self.source.names = before
        step = "[0]" if number.startswith("  count") else ""
        if not number or step:
            attribute = {"aws_ebs_volume": "availability_zone", "aws_security_group": "description"}.get(
                kind, "tags"
            )
            name = f"{kind}.r{index}{step}.{attribute}"
            self._text_names(f'try({name}["k"], "none")' if attribute == "tags" else f'try({name}, "none")')
            self._text_names(f'try({kind}.r{index}{step}.id, "none")')

    def _tags(self) -> str:
        return f"  tags = {{\n    k = {self._of('text', 1)}\n    n = {self._of('number', 1)}\n  }}\n"

    def _aws_ebs_volume(self) -> str:
        return (
            f'  availability_zone = "eu-west-1a"\n  size = 1\n  encrypted = {self._of("bool", 2)}\n'
            f"  kms_key_id = {self._truth()} ? {self._of('text', 1)} : null\n{self._tags()}"
        )

    def _aws_sqs_queue(self) -> str:
        policy = (
            f"jsonencode({{ Statement = [{{ Sid = {self._of('text', 1)}, N = {self._of('number', 1)} }}] }})"
        )
        return f"  sqs_managed_sse_enabled = {self._of('bool', 2)}\n  policy = {policy}\n{self._tags()}"

    def _aws_security_group(self) -> str:
        over = self.random.choice(("var.list", "var.objects", "var.map", "{ a = 1 }", '["x", "y"]'))
        ports = self.random.choice(("ingress.key", "ingress.value", '"80"', "var.number"))
        return (
            f"  description = {self._of('text', 1)}\n"
            f'  dynamic "ingress" {{\n    for_each = {over}\n    content {{\n'
            f'      description = try(tostring({ports}), "o")\n'
            f'      from_port = try(tonumber({ports}), 80)\n      to_port = 443\n      protocol = "tcp"\n'
            f'      cidr_blocks = {self._truth()} ? ["10.0.0.0/8"] : ["0.0.0.0/0"]\n    }}\n  }}\n'
        )

    def _aws_db_instance(self) -> str:
        engine = self.random.choice(
            ('"postgres"', '"mysql"', f'try(lower({self.source.text(1)}), "mariadb")')
        )
        return (
            f'  instance_class = "db.t3.micro"\n  engine = {engine}\n  allocated_storage = 20\n'
            f"  storage_encrypted = {self._of('bool', 2)}\n  multi_az = {self._of('bool', 1)}\n"
            f"  backup_retention_period = {self._of('number', 1)}\n  publicly_accessible = {self._of('bool', 1)}\n"
        )

    def _module(self) -> None:
        number = self._number()
        given = {
            name: self._of(kind, 1) for name, kind in (("text", "text"), ("flag", "bool"), ("list", "list"))
        }
        given["list"] = f'[for one in {given["list"]} : try(tostring(one), "none")]'
        lines = "".join(f"  {name} = {value}\n" for name, value in given.items())
        self.lines.append(f'module "child" {{\n  source = "./child"\n{number}{lines}}}')
        self.child = [
            'variable "text" {\n  type = string\n}',
            f'variable "flag" {{\n  type = {self.random.choice(("bool", "string", "any"))}\n}}',
            f'variable "list" {{\n  type = {self.random.choice(("list(string)", "set(string)", "any"))}\n}}',
            'resource "aws_ebs_volume" "disk" {\n'
            "  for_each = toset([for one in coalesce(var.list, []) : tostring(one) if one != null])\n"
            '  availability_zone = "eu-west-1b"\n  size = length(each.key)\n  encrypted = tobool(var.flag)\n}',
            'resource "aws_sqs_queue" "queue" {\n  count = try(coalesce(tobool(var.flag), false), false) ? 1 : 0\n'
            '  name = "${coalesce(var.text, 1)}-${count.index}"\n  kms_master_key_id = var.text\n}',
            'output "text" {\n  value = var.text\n}',
            'output "queues" {\n  value = length(aws_sqs_queue.queue)\n}',
            'output "disks" {\n  value = { for key, disk in aws_ebs_volume.disk : key => disk.encrypted }\n}',
        ]
        step = "[0]" if number.startswith("  count") else ""
        if not number or step:
            self._text_names(f'try(module.child{step}.text, "none")')
            self.source.names["number"].append(f"try(module.child{step}.queues, 5)")
            self.source.names["map"].append(f"try(module.child{step}.disks, {{}})")
