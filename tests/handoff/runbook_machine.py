"""What the runbook works on, as far as names, snapshots, secrets, state and time go: the account and Terraform.

The machine plays every program of the runbook. An `aws` command goes through the AWS CLI's own parser, validation and
output (in this process, with the answer given where the CLI would send the request), so that arguments and `--query`
are judged by the CLI itself. A program, an operation or a placeholder that the machine does not know is a finding.
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from runbook_cli import Cli
from stacks import strings

ACCOUNT = "000000000000"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "of-nobody",
    "AWS_SECRET_ACCESS_KEY": "of-nobody",
    "AWS_CONFIG_FILE": "/none",
    "AWS_SHARED_CREDENTIALS_FILE": "/none",
    "AWS_EC2_METADATA_DISABLED": "true",
}
MINUTE = 60
# Seconds that AWS takes, in the order of what people see.
TAKES = {"restore": 15 * MINUTE, "modify": 2 * MINUTE, "rename": 3 * MINUTE, "delete": 5 * MINUTE}
TAKES |= {"snapshot": 4 * MINUTE, "refresh": 10 * MINUTE, "cache": 7 * MINUTE, "upgrade": 10 * MINUTE}
# What somebody reads and goes on from: the command then has nothing to do.
TOLERATED = {
    ("CreateServiceLinkedRole", "InvalidInput"),
    ("CreateRepository", "RepositoryAlreadyExistsException"),
    ("DescribeImages", "ImageNotFoundException"),
    ("HeadBucket", "404"),
    ("DescribeDBInstances", "DBInstanceNotFound"),
    ("StartInstanceRefresh", "InstanceRefreshInProgress"),
}


class Refused(Exception):
    """What AWS answers: a code and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words = code, words


class Unknown(Exception):
    """What the machine does not play."""


@dataclass
class Database:
    """A DB instance; `rows` is the moment up to which it holds what was written."""

    identifier: str
    rows: datetime
    key: str
    resource: str = field(default_factory=lambda: f"db-{uuid.uuid4().hex[:26].upper()}")
    secret: str = ""
    password: str = ""
    status: str = "creating"
    version: str = "15.12"
    parameters: str = ""
    protected: bool = False
    multi_az: bool = False
    iam: bool = False
    zone: str = ""
    roles: set[str] = field(default_factory=set)
    pending: dict[str, Any] = field(default_factory=dict)


@dataclass
class Snapshot:
    """A DB snapshot, automated or by hand."""

    name: str
    source: str
    rows: datetime
    key: str
    version: str
    manual: bool
    created: datetime
    status: str = "creating"


@dataclass
class Instance:
    """An instance of the group: what its backend was told, and its image."""

    id: str
    told: dict[str, str]
    zone: str
    tools: set[str] = field(default_factory=set)
    sick_since: float | None = None


class Machine:
    """An account, a folder of Terraform in it, and somebody at a terminal."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self.resources: dict[str, dict[str, Any]] = configuration["resource"]
        self.region = configuration["provider"]["aws"][0]["region"]
        self.clock = 0.0
        self.start = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.findings: list[str] = []
        self.databases: dict[str, Database] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.secrets: dict[str, str] = {}
        self.keys: dict[str, str] = {"alias/ours": "Enabled"}
        self.buckets: dict[str, list[dict[str, Any]]] = {}
        self.cache: dict[str, Any] | None = None
        self.cache_snapshots: list[str] = []
        self.group: dict[str, Any] | None = None
        self.instances: list[Instance] = []
        self.policies: dict[str, str] = {}
        self.points: list[str] = []
        self.service_roles: set[str] = set()
        self.repository: set[str] | None = None
        self.taken: dict[tuple[str, ...], str] = {}
        # Terraform: where its state is, what stands in it, and what somebody wrote into the files.
        backend, told = next(iter(configuration["terraform"]["backend"].items()))
        self.configured = str(told["bucket"]) if backend == "s3" else "local"
        # A bucket of the settings is made by a stack of its own, before this one.
        self.buckets.update({} if backend == "local" else {self.configured: []})
        self.place: str | None = None
        self.held: dict[str, Any] = {}
        self.serial = 0
        self.lock = ""
        self.plans: dict[str, dict[str, Any]] = {}
        self.edits: dict[str, Any] = {}
        self.variables: dict[str, str] = {}
        self.session: Instance | None = None
        self.presses = 0
        self.outage = 0.0
        self.worst_outage = 0.0
        self.experiments: list[str] = []
        self.queries: list[str] = []
        self.refused = False
        self.cli = Cli(self._answer, self.pass_time, self._on_instance)
        (self.database,) = self.resources["aws_db_instance"].values()
        (self.cache_of,) = self.resources["aws_elasticache_replication_group"].values()
        (self.group_of,) = self.resources["aws_autoscaling_group"].values()
        self.user_data = next(one for one in strings(configuration) if "DATABASE_HOST=" in one)
        self.zones = sorted({body["availability_zone"] for body in self.resources["aws_subnet"].values()})
        self.image_default = configuration["variable"]["backend_image"]["default"]
        self.images = {"broken": False}

    # --- time -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.clock)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Have something happen after a while."""
        self.events.append((self.clock + seconds, len(self.events), what))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, in steps of no more than half a minute: what falls due happens, and the backend tries."""
        until = self.clock + seconds
        while self.clock < until:
            before = self.clock
            self.clock = min(until, self.clock + 30)
            for event in sorted(one for one in self.events if one[0] <= self.clock):
                self.events.remove(event)
                event[2]()
            if int(self.clock // 86400) > int(before // 86400):
                self._next_day()
            self._live(self.clock - before)

    def _next_day(self) -> None:
        for one in self.databases.values():
            if one.status == "available":
                name = f"rds:{one.identifier}-{self.now:%Y-%m-%d-%H-%M}"
                self.snapshots[name] = self._snapshot_of(one, name, manual=False)
                self.points.append(
                    f"arn:aws:rds:{self.region}:{ACCOUNT}:snapshot:awsbackup:{len(self.points)}"
                )
        if int(self.clock // 86400) % 7 == 0:
            for one in self.databases.values():
                self._rotate(one)

    def _live(self, seconds: float) -> None:
        """Write rows, serve, and let the group replace what is not healthy."""
        if self.group is None or not self.instances:
            return
        serving = [one for one in self.instances if not self.complaint(one.told)]
        if serving:
            self.worst_outage = max(self.worst_outage, self.outage)
            self.outage = 0.0
            if (database := self.opened(serving[0].told)) is not None:
                database.rows = self.now
        elif self.group["served"]:
            self.outage += seconds
        self.group["served"] = self.group["served"] or bool(serving)
        minds = not {"HealthCheck", "ReplaceUnhealthy"} & self.group["suspended"]
        for place, one in enumerate(self.instances):
            if one in serving:
                one.sick_since = None
            else:
                one.sick_since = self.clock if one.sick_since is None else one.sick_since
                if (
                    minds
                    and self.clock - one.sick_since > 2 * MINUTE
                    and self.group["refreshes"][-1:] != ["InProgress"]
                ):
                    self.group["replaced"] += 1
                    self.instances[place] = self._instance(one.zone)
        if "aws_lb.main" in self.held and not self.buckets[self.bucket("logs")]:
            self.put(self.bucket("logs"), "alb/AWSLogs/log of a minute.gz")

    # --- the invariant ---------------------------------------------------------------------------------------

    def opened(self, told: dict[str, str]) -> Database | None:
        """The database of the name that a backend was told."""
        name = told["DATABASE_HOST"].partition(".")[0]
        found = self.databases.get(name)
        return found if found and found.status in ("available", "modifying", "backing-up") else None

    def complaint(self, told: dict[str, str]) -> str:
        """Why a backend that was told this cannot serve; empty where it can."""
        database = self.opened(told)
        if self.image_of(told) == "broken":
            return "its image does not start"
        if database is None:
            return f"there is no database at {told['DATABASE_HOST']}"
        allowed = " ".join(self.policies.values())
        if told.get("DATABASE_AUTH") == "iam":
            user = told["DATABASE_USER"]
            if not database.iam or user not in database.roles:
                return f"{user} cannot sign in to {database.identifier} with a token"
            if f"{database.resource}/{user}" not in allowed:
                return f"its role may not sign in to {database.resource} as {user}"
        else:
            secret = told["DATABASE_SECRET_ARN"]
            if secret not in allowed:
                return f"its role may not read {secret}"
            if self.secrets.get(secret) != database.password:
                return f"{secret} does not open {database.identifier}"
        if self.keys.get(database.key) != "Enabled":
            return f"{database.key} of {database.identifier} is {self.keys.get(database.key)}"
        if self.cache is None:
            return "there is no cache"
        return ""

    def image_of(self, told: dict[str, str]) -> str:
        return told["IMAGE"].rpartition(":")[2]

    def complaints(self) -> list[str]:
        """What is wrong once a task is over."""
        found = [f"{one.id}: {words}" for one in self.instances if (words := self.complaint(one.told))]
        if self.group is not None:
            template = self.held.get("aws_launch_template.backend")
            if template and (words := self.complaint(template)):
                found.append(f"an instance made from now on: {words}")
            if self.group["suspended"]:
                found.append(f"the group does not mind its instances: {sorted(self.group['suspended'])}")
            if self.group["replaced"]:
                found.append(f"{self.group['replaced']} instances replaced while the database was away")
            if not self.instances:
                found.append("nobody serves")
            ours = self.held.get("aws_db_instance.main")
            if [one.resource for one in self.databases.values()] != [ours]:
                names = sorted(self.databases)
                found.append(f"Terraform's database is {ours}, and the account has {names}")
            if "restore" in self.policies:
                found.append("what was let in for a restore is still let in")
        stray = sorted(name for kind, name in self.taken.items() if name == "by a service" and kind)
        if stray:
            found.append(
                f"left by a service, in nobody's state: {[k for k, n in self.taken.items() if n in stray]}"
            )
        if max(self.worst_outage, self.outage) > 20 * MINUTE:
            found.append(f"{max(self.worst_outage, self.outage) / 60:.0f} minutes without service")
        self.worst_outage = self.outage = 0.0
        if self.group is not None:
            self.group["replaced"] = 0
        return found

    # --- the terminal's programs -----------------------------------------------------------------------------

    def program(self, argv: list[str], cwd: Path, env: dict[str, str], stdin: str) -> tuple[int, str, str]:
        """Play a program: exit code, standard output, standard error."""
        self.pass_time(5)
        play = getattr(self, f"program_{argv[0].replace('-', '_')}", None)
        try:
            if play is None:
                raise Unknown(f"the program {argv[0]}")
            result: tuple[int, str, str] = play(argv[1:], cwd, env, stdin)
            return result
        except Unknown as error:
            self.findings.append(f"the machine does not know {error}")
            return 64, "", f"the machine does not know {error}"
        except Refused as error:
            self.findings.append(f"{' '.join(argv[:3])}: {error}")
            return 1, "", f"Error: {error}"

    def program_date(self, argv: list[str], *_: Any) -> tuple[int, str, str]:
        at = [] if "-d" in " ".join(argv) else [f"--date=@{int(self.start.timestamp() + self.clock)}"]
        return 0, subprocess.check_output(["/bin/date", *argv, *at], text=True), ""

    def program_sleep(self, argv: list[str], *_: Any) -> tuple[int, str, str]:
        """Where it is waited for good somebody presses the keys that end it, after a while."""
        self.pass_time(float(argv[0]))
        self.presses += 1
        ended = argv[0] == "1" and self.presses % 5 == 0
        return (130 if ended else 0), "", ""

    def program_curl(self, argv: list[str], *_: Any) -> tuple[int, str, str]:
        if "--write-out" in argv:
            return 0, "200" if self._serves() else "503", ""
        if not self._serves() and "/api/" in argv[-1]:
            raise Refused("curl", f"503 from {argv[-1]}")
        return 0, "", ""

    def program_dig(self, argv: list[str], *_: Any) -> tuple[int, str, str]:
        return 0, "ns-1.example.net.\n", ""

    def program_docker(
        self, argv: list[str], _: Path, env: dict[str, str], stdin: str
    ) -> tuple[int, str, str]:
        if argv[0] == "login":
            return (0, "", "") if stdin.strip() else (1, "", "no password on standard input")
        if argv[0] == "push":
            tag = argv[-1].rpartition(":")[2]
            if self.repository is None:
                raise Refused("RepositoryNotFound", argv[-1])
            if tag in self.repository:
                raise Refused("ImageTagAlreadyExists", f"{tag} is there, and tags are immutable")
            self.repository.add(tag)
        elif argv[0] != "build":
            raise Unknown(f"docker {argv[0]}")
        return 0, "", ""

    def program_sudo(self, argv: list[str], *_: Any) -> tuple[int, str, str]:
        if self.session is None:
            raise Refused("sudo", "nobody is on an instance")
        if argv[:3] == ["dnf", "install", "--assumeyes"]:
            self.session.tools.add(argv[3])
            return 0, "", ""
        text = "".join(f"{k}={v}\n" for k, v in self.session.told.items() if k not in ("IMAGE", "AMI"))
        if argv == ["cat", "/etc/cloudmart/backend.env"]:
            return 0, text, ""
        if argv[:2] == ["sed", "-n"] and argv[3] == "/etc/cloudmart/backend.env":
            done = subprocess.run(
                ["sed", "-n", argv[2]], input=text, text=True, capture_output=True, check=True
            )
            return 0, done.stdout, ""
        raise Unknown(f"sudo {argv}")

    def program_psql(self, argv: list[str], _: Path, env: dict[str, str], stdin: str) -> tuple[int, str, str]:
        if self.session is None or "postgresql15" not in self.session.tools:
            raise Refused("psql", "is not there")
        told = dict(word.split("=", 1) for word in argv[-1].split())
        database = self.databases.get(told["host"].partition(".")[0])
        if database is None or database.status != "available":
            raise Refused("psql", f"no database at {told['host']}")
        if told["user"] != self.database["username"] or told.get("sslmode") != "verify-full":
            raise Refused("psql", f"{told} does not sign in as the owner, over TLS that is verified")
        made = re.search(r"CREATE ROLE (\w+) LOGIN", stdin)
        assert made, stdin
        if made[1] in database.roles and "NOT EXISTS" not in stdin:
            raise Refused("psql", f'role "{made[1]}" already exists')
        if f"GRANT rds_iam TO {made[1]}" in stdin:
            database.roles.add(made[1])
        return 0, "", ""

    # --- Terraform -------------------------------------------------------------------------------------------

    def program_terraform(
        self, argv: list[str], cwd: Path, env: dict[str, str], _: str
    ) -> tuple[int, str, str]:
        verb, words = argv[0], [one for one in argv[1:] if not one.startswith("-")]
        options = [one for one in argv[1:] if one.startswith("-")]
        if verb in ("fmt", "validate") or "-backend=false" in options:
            return 0, "", ""
        if not list(cwd.glob("*.tf")):
            raise Refused("terraform", f"no configuration files in {cwd.name}")
        override = cwd / "backend_override.tf"
        place = self.configured
        if override.exists():
            place = re.findall(r'bucket\s*=\s*"(.*)"', override.read_text())[0]
            if place not in self.buckets:
                raise Refused("terraform", f"the bucket of the state, {place}, is not there")
        if verb == "init":
            self.place = place
            (cwd / ".terraform").mkdir(exist_ok=True)
            return 0, "", ""
        if self.place != place or not (cwd / ".terraform").exists():
            raise Refused(
                "terraform", "initialization required: the backend is another one than at the last init"
            )
        for file in sorted(cwd.glob("*.auto.tfvars")):
            self.variables |= dict(re.findall(r'^(\w+) = "(.*)"$', file.read_text(), re.M))
        self.variables |= dict(one.removeprefix("-var=").split("=", 1) for one in options if "-var=" in one)
        if verb == "apply" and "-var" in options:  # the older way: -var NAME=VALUE
            self.variables |= dict([words.pop(0).split("=", 1)])
        play = getattr(self, f"terraform_{verb.replace('-', '_')}", None)
        if play is None:
            raise Unknown(f"terraform {verb}")
        return 0, play(words, options, cwd) or "", ""

    def terraform_output(self, words: list[str], options: list[str], _: Path) -> str:
        if not words:
            return ""
        value = self.configuration["output"].get(words[0], {}).get("value")
        if value is None:
            raise Refused("terraform", f"there is no output {words[0]}")
        return self.resolved(str(value))

    def terraform_show(self, words: list[str], options: list[str], cwd: Path) -> None:
        self._plan_in(cwd / words[0])

    def terraform_force_unlock(self, words: list[str], options: list[str], _: Path) -> None:
        if words[0] != self.lock or not self.lock:
            raise Refused("terraform", f"no lock {words[0]}")
        self.lock = ""

    def terraform_untaint(self, words: list[str], options: list[str], _: Path) -> None:
        if self.group is None or not self.group["tainted"]:
            raise Refused("terraform", f"{words[0]} is not tainted")
        self.group["tainted"] = False

    def terraform_import(self, words: list[str], options: list[str], _: Path) -> None:
        address, identifier = words
        if address in self.held:
            raise Refused("terraform", f"{address} is in the state already")
        if address != "aws_db_instance.main":
            raise Unknown(f"terraform import {address}")
        if identifier not in self.databases:
            raise Refused("terraform", f"there is no database {identifier}")
        self.held[address] = self.databases[identifier].resource
        self.serial += 1

    def terraform_state(self, words: list[str], options: list[str], _: Path) -> str:
        if words[0] == "pull":
            return json.dumps({"serial": self.serial, "resources": sorted(self.held)})
        if words[1] not in self.held:
            raise Refused("terraform", f"{words[1]} is not in the state")
        if words[0] == "rm":
            del self.held[words[1]]
            self.serial += 1
        elif words[0] != "show":
            raise Unknown(f"terraform state {words[0]}")
        return ""

    def terraform_plan(self, words: list[str], options: list[str], cwd: Path) -> None:
        if self.lock:
            raise Refused("terraform", "the state is locked")
        plan = {
            "serial": self.serial,
            "destroy": "-destroy" in options,
            "replace": [one.partition("=")[2] for one in options if one.startswith("-replace=")],
            "variables": dict(self.variables),
            "edits": dict(self.edits),
        }
        held = self.databases_by_resource().get(str(self.held.get("aws_db_instance.main")))
        if not plan["destroy"] and "aws_db_instance.main" in self.held:
            if held is None:
                raise Refused("terraform", "the plan makes a database, for the one in the state is gone")
            if held.identifier != self.database["identifier"]:
                raise Refused("terraform", f"the plan changes the name of {held.identifier}")
        for one in options:
            if one.startswith("-out="):
                path = cwd / one.removeprefix("-out=")
                self.plans[str(path)] = plan
                path.write_text("plan")
        self.current = plan

    def terraform_apply(self, words: list[str], options: list[str], cwd: Path) -> None:
        if words:
            plan = self._plan_in(cwd / words[0])
            if plan["serial"] != self.serial:
                raise Refused("terraform", f"{words[0]} is stale")
        else:
            self.terraform_plan([], options, cwd)
            plan = self.current
        before = dict(self.held)
        try:
            self._destroy(set(self.order())) if plan["destroy"] else self._apply(plan)
        finally:
            self.serial += before != self.held or bool(plan["replace"])

    def terraform_destroy(self, words: list[str], options: list[str], cwd: Path) -> None:
        targets = {one.partition("=")[2] for one in options if one.startswith("-target=")}
        below = self.references()
        while more := {one for one, needs in below.items() if needs & targets} - targets:
            targets |= more
        self._destroy(targets or set(below))
        self.serial += 1

    def _plan_in(self, path: Path) -> dict[str, Any]:
        if not path.exists() or str(path) not in self.plans:
            raise Refused("terraform", f"there is no plan {path.name}")
        return self.plans[str(path)]

    def references(self) -> dict[str, set[str]]:
        """What each resource waits for."""
        found: dict[str, set[str]] = {}
        addresses = {f"{kind}.{name}" for kind, bodies in self.resources.items() for name in bodies}
        local = " ".join(strings(self.configuration.get("locals", {})))
        for kind, bodies in self.resources.items():
            for name, body in bodies.items():
                text = " ".join(strings(body))
                text += local if "local." in text else ""
                found[f"{kind}.{name}"] = set(re.findall(r"\b\w+\.\w+", text)) & addresses - {
                    f"{kind}.{name}"
                }
        return found

    def order(self) -> list[str]:
        """All addresses, each behind what it waits for."""
        needs, done = self.references(), list[str]()
        while rest := [one for one in needs if one not in done]:
            done += [one for one in rest if needs[one] <= set(done)]
        return done

    def _apply(self, plan: dict[str, Any]) -> None:
        for address in self.order():
            kind, _, name = address.partition(".")
            body = self.resources[kind][name]
            if address in plan["replace"] and kind == "aws_elasticache_replication_group":
                self._gone(address, body)
            if address not in self.held:
                self._name(kind, body)
                make = getattr(self, f"make_{kind}", None)
                self.held[address] = make(body, plan) if make else f"{name}-{uuid.uuid4().hex[:8]}"
            else:
                change = getattr(self, f"change_{kind}", None)
                if change:
                    change(body, plan)
                elif address in plan["replace"]:
                    self.held[address] = f"{name}-{uuid.uuid4().hex[:8]}"
        self._deploy(plan)

    def _destroy(self, addresses: set[str]) -> None:
        for address in reversed(self.order()):
            if address in addresses and address in self.held:
                kind, _, name = address.partition(".")
                self._gone(address, self.resources[kind][name])

    def _gone(self, address: str, body: dict[str, Any]) -> None:
        kind = address.partition(".")[0]
        if body.get("enable_deletion_protection") and not self.edits.get("unprotected"):
            raise Refused("OperationNotPermitted", f"{address} is protected from deletion")
        unmake = getattr(self, f"unmake_{kind}", None)
        if unmake:
            unmake(body)
        del self.held[address]
        self.taken.pop(self._key(kind, body), None)

    def _key(self, kind: str, body: dict[str, Any]) -> tuple[str, ...]:
        names = (
            "identifier",
            "replication_group_id",
            "bucket",
            "user_group_id",
            "user_id",
            "name",
            "alarm_name",
        )
        name = next((str(body[one]) for one in names if one in body), "")
        scope = (body.get(one, "") for one in ("region", "role", "autoscaling_group_name", "scope", "type"))
        return (kind, name, *map(str, scope)) if name else ()

    def _name(self, kind: str, body: dict[str, Any]) -> None:
        key = self._key(kind, body)
        if key in self.taken:
            raise Refused("AlreadyExists", f"{key[:2]} is taken")
        if key:
            self.taken[key] = "by Terraform"

    def resolved(self, text: str) -> str:
        """A text with its references followed.

        Raises:
            Refused: one leads to what is not in the state.
        """
        return re.sub(r"\$\{([^}]*)\}", lambda found: self._followed(found[1]), text)

    def _followed(self, expression: str) -> str:
        if expression == "var.backend_image":
            return self.variables.get("backend_image", self.image_default)
        if expression.startswith("data.aws_caller_identity"):
            return ACCOUNT
        kind, name, attribute = (*expression.split(".", 2), "")[:3]
        address = f"{kind}.{name}"
        if kind not in self.resources:
            return expression
        if address not in self.held:
            raise Refused("terraform", f"{address} is not in the state: {expression} has no value")
        body, held = self.resources[kind][name], self.held[address]
        if kind == "aws_db_instance":
            database = self.databases_by_resource()[held]
            values = {
                "address": self.host(database.identifier),
                "master_user_secret[0].secret_arn": database.secret,
            }
            values |= {"resource_id": database.resource}
            if attribute in values:
                return values[attribute]
        if kind == "aws_kms_key":
            return str(held)
        value = body.get(attribute)
        if isinstance(value, str):
            return self.resolved(value)
        if attribute in ("primary_endpoint_address", "address"):
            return f"master.{name}.example"
        return f"arn:aws:any:{self.region}:{ACCOUNT}:{held}" if attribute == "arn" else str(held)

    def databases_by_resource(self) -> dict[str, Database]:
        return {one.resource: one for one in self.databases.values()}

    def host(self, identifier: str) -> str:
        return f"{identifier}.abc.{self.region}.rds.amazonaws.com"

    def told(self) -> dict[str, str]:
        """What the user data tells an instance, as the state stands."""
        lines = re.findall(r"^ +([A-Z_]+)=(.*)$", self.user_data, re.M)
        values = {name: self.resolved(value) for name, value in lines}
        image = self.variables.get("backend_image", self.image_default)
        return values | {"IMAGE": image, "AMI": str(self.held.get("terraform_data.backend_ami", ""))}

    def _deploy(self, plan: dict[str, Any]) -> None:
        """The launch template as the state stands now; where it is another one, the group exchanges its instances."""
        assert self.group is not None
        template = self.told()
        self.group["zones"] = list(self.zones)
        if self.held.get("aws_launch_template.backend") == template:
            return
        self.held["aws_launch_template.backend"] = template
        if not self.instances:
            self.instances = [
                self._instance(self.zones[n % len(self.zones)]) for n in range(self.group["desired"])
            ]
            return
        self.group["suspended"].clear()  # the resource has no such argument: the provider resumes them
        self._refresh()

    def _refresh(self) -> None:
        assert self.group is not None
        refreshes = self.group["refreshes"]
        if refreshes and refreshes[-1] == "InProgress":
            refreshes[-1] = "Cancelled"
        refreshes.append("InProgress")
        place = len(refreshes) - 1

        def done() -> None:
            if self.group is None or self.group["refreshes"][place] != "InProgress":
                return
            if not self.complaint(self.held["aws_launch_template.backend"]):
                self.instances = [self._instance(one.zone) for one in self.instances]
                self.group["refreshes"][place] = "Successful"
            else:
                self.later(TAKES["refresh"], done)

        self.later(TAKES["refresh"], done)

    def _instance(self, zone: str) -> Instance:
        return Instance(f"i-{uuid.uuid4().hex[:17]}", dict(self.held["aws_launch_template.backend"]), zone)

    def _serves(self) -> bool:
        return any(not self.complaint(one.told) for one in self.instances)

    def make_aws_kms_key(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        name = str(uuid.uuid4())
        self.keys[name] = "Enabled"
        return name

    def unmake_aws_kms_key(self, body: dict[str, Any]) -> None:
        (name,) = [name for name, key in self.resources["aws_kms_key"].items() if key is body]
        self.keys[self.held[f"aws_kms_key.{name}"]] = "PendingDeletion"

    def make_aws_db_instance(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        database = Database(body["identifier"], self.now, self.resolved(body["kms_key_id"]))
        database.version = f"{plan['edits'].get('engine_version', 15)}.1"
        database.protected, database.multi_az = (
            bool(body.get("deletion_protection")),
            bool(body.get("multi_az")),
        )
        database.iam = bool(body.get("iam_database_authentication_enabled"))
        database.parameters = f"{body['identifier']}-postgres{database.version.partition('.')[0]}"
        self._make(database)
        database.status = "available"
        self.pass_time(TAKES["restore"])
        return database.resource

    def change_aws_db_instance(self, body: dict[str, Any], plan: dict[str, Any]) -> None:
        database = self.databases_by_resource()[self.held["aws_db_instance.main"]]
        if database.status != "available":
            raise Refused("InvalidDBInstanceState", f"{database.identifier} is {database.status}")
        database.protected = bool(body.get("deletion_protection")) and not plan["edits"].get("unprotected")
        major = plan["edits"].get("engine_version", database.version.partition(".")[0])
        if major != database.version.partition(".")[0]:
            if not plan["edits"].get("allow_major_version_upgrade"):
                raise Refused("InvalidParameterCombination", "AllowMajorVersionUpgrade must be given")
            database.parameters, database.version = f"{body['identifier']}-postgres{major}", f"{major}.1"
            self.pass_time(TAKES["upgrade"])

    def unmake_aws_db_instance(self, body: dict[str, Any]) -> None:
        database = self.databases_by_resource()[self.held["aws_db_instance.main"]]
        last = None
        if not body.get("skip_final_snapshot"):
            life = str(self.held.get("terraform_data.database_life", ""))
            last = body["final_snapshot_identifier"].replace("${terraform_data.database_life.id}", life)
        self._delete(database, last)
        self.pass_time(TAKES["delete"])

    def make_aws_elasticache_replication_group(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        named = plan["edits"].get("snapshot_name")
        if named and named not in self.cache_snapshots:
            raise Refused("SnapshotNotFoundFault", named)
        self.pass_time(TAKES["cache"])
        count = int(body.get("num_cache_clusters", 1))
        zones = [self.zones[n % len(self.zones)] for n in range(count)]
        self.cache = {"status": "available", "zones": zones, "engine": "7.0", "snapshot_name": named}
        self.cache_snapshots.append(f"automatic.{body['replication_group_id']}-{len(self.cache_snapshots)}")
        return str(body["replication_group_id"])

    def change_aws_elasticache_replication_group(self, body: dict[str, Any], plan: dict[str, Any]) -> None:
        assert self.cache is not None
        ignored = body.get("lifecycle", {}).get("ignore_changes", [])
        if (
            self.cache["snapshot_name"] != plan["edits"].get("snapshot_name")
            and "snapshot_name" not in ignored
        ):
            raise Refused("terraform", "the plan replaces the cache: snapshot_name is another one")

    def unmake_aws_elasticache_replication_group(self, body: dict[str, Any]) -> None:
        self.cache = None
        self.pass_time(TAKES["cache"])

    def make_aws_autoscaling_group(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        self.held["aws_launch_template.backend"] = None
        self.group = {"desired": int(body.get("desired_capacity") or body["min_size"]), "suspended": set()}
        self.group |= {"refreshes": [], "tainted": False, "replaced": 0, "served": False, "zones": self.zones}
        return str(body["name"])

    def unmake_aws_autoscaling_group(self, body: dict[str, Any]) -> None:
        self.group, self.instances, self.session = None, [], None

    def _policy(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        if body["role"] == "${aws_iam_role.backend.id}":
            self.policies[body["name"]] = self.resolved(body["policy"])
        return str(body["name"])

    make_aws_iam_role_policy = change_aws_iam_role_policy = _policy

    def unmake_aws_iam_role_policy(self, body: dict[str, Any]) -> None:
        self.policies.pop(body["name"], None)

    def unmake_aws_iam_role(self, body: dict[str, Any]) -> None:
        if "restore" in self.policies:
            raise Refused("DeleteConflict", f"{body['name']} has a policy that is not Terraform's: restore")

    def make_aws_s3_bucket(self, body: dict[str, Any], plan: dict[str, Any]) -> str:
        name = self.resolved(body["bucket"])
        self.buckets[name] = []
        return name

    def unmake_aws_s3_bucket(self, body: dict[str, Any]) -> None:
        if self.buckets[self.resolved(body["bucket"])]:
            raise Refused("BucketNotEmpty", body["bucket"])
        del self.buckets[self.resolved(body["bucket"])]

    def unmake_aws_backup_vault(self, body: dict[str, Any]) -> None:
        if self.points:
            raise Refused(
                "InvalidRequest", f"the vault {body['name']} holds {len(self.points)} recovery points"
            )

    def bucket(self, name: str) -> str:
        return self.resolved(self.resources["aws_s3_bucket"][name]["bucket"])

    def put(self, bucket: str, key: str) -> None:
        self.buckets[bucket].append({"Key": key, "VersionId": uuid.uuid4().hex, "Marker": False})

    # --- AWS -------------------------------------------------------------------------------------------------

    def program_aws(self, argv: list[str], cwd: Path, env: dict[str, str], _: str) -> tuple[int, str, str]:
        """Run the AWS CLI, with the machine at the other end."""
        told = {key: value for key, value in env.items() if key.startswith("AWS_")} | CREDENTIALS
        self.refused = False
        code, out, err = self.cli.run(argv, str(cwd), told)
        if code and not self.refused:
            self.findings.append(f"aws {' '.join(argv[:2])}: {err.strip() or code}")
        return code, out, err

    def _answer(self, service: str, operation: str, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        play = getattr(self, f"{service.replace('-', '_')}_{operation}", None)
        try:
            if play is None:
                raise Unknown(f"{service} {operation}")
            answer = play(SimpleNamespace(**said), said) or {}
            # The CLI shows times as they came.
            return 200, json.loads(json.dumps(answer, default=datetime.isoformat))
        except Unknown as error:
            self.findings.append(f"the machine does not know {error}")
            code, words = "Unknown", str(error)
        except Refused as error:
            if (operation, error.code) not in TOLERATED:
                self.findings.append(f"{service} {operation}: {error}")
            code, words = error.code, error.words
        self.refused = True
        return 404 if code == "404" else 400, {"Error": {"Code": code, "Message": words}}

    def _on_instance(self, target: str) -> None:
        (self.session,) = [one for one in self.instances if one.id == target]

    def sts_GetCallerIdentity(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/operator", "UserId": "U"}

    def iam_CreateServiceLinkedRole(self, p: Any, said: Any) -> None:
        if p.AWSServiceName in self.service_roles:
            raise Refused("InvalidInput", f"the role of {p.AWSServiceName} has been taken")
        self.service_roles.add(p.AWSServiceName)

    def iam_PutRolePolicy(self, p: Any, said: Any) -> None:
        self.policies[p.PolicyName] = json.dumps(json.loads(p.PolicyDocument))

    def iam_DeleteRolePolicy(self, p: Any, said: Any) -> None:
        if self.policies.pop(p.PolicyName, None) is None:
            raise Refused("NoSuchEntity", p.PolicyName)

    def service_quotas_GetServiceQuota(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Quota": {"Value": 5.0}}

    def ec2_DescribeAddresses(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Addresses": []}

    def ec2_DescribeVpcs(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Vpcs": []}

    def ec2_DescribeSecurityGroups(self, p: Any, said: Any) -> dict[str, Any]:
        wanted = {name for one in p.Filters for name in one["Values"]}
        bodies = self.resources["aws_security_group"].values()
        found = [{"GroupId": f"sg-{body['name']}"} for body in bodies if body["name"] in wanted]
        return {"SecurityGroups": found}

    def ec2_DescribeSubnets(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Subnets": [{"SubnetId": f"subnet-{one}", "AvailabilityZone": one} for one in self.zones]}

    def ec2_TerminateInstances(self, p: Any, said: Any) -> None:
        for place, one in enumerate(self.instances):
            if one.id in p.InstanceIds:
                self.instances[place] = self._instance(one.zone)
                return
        raise Refused("InvalidInstanceID.NotFound", str(p.InstanceIds))

    def route53_GetHostedZone(self, p: Any, said: Any) -> dict[str, Any]:
        return {
            "HostedZone": {"Name": "example.com."},
            "DelegationSet": {"NameServers": ["ns-1.example.net"]},
        }

    def ecr_CreateRepository(self, p: Any, said: Any) -> None:
        if self.repository is not None:
            raise Refused("RepositoryAlreadyExistsException", p.repositoryName)
        self.repository = set()

    def ecr_GetAuthorizationToken(self, p: Any, said: Any) -> dict[str, Any]:
        return {
            "authorizationData": [{"authorizationToken": "QVdTOng=", "proxyEndpoint": "https://registry"}]
        }

    def ecr_DescribeImages(self, p: Any, said: Any) -> dict[str, Any]:
        wanted = [one["imageTag"] for one in said.get("imageIds", [])]
        if missing := [one for one in wanted if one not in (self.repository or set())]:
            raise Refused("ImageNotFoundException", str(missing))
        return {"imageDetails": [{"imageTags": sorted(self.repository or set())}]}

    def s3_HeadBucket(self, p: Any, said: Any) -> None:
        if p.Bucket not in self.buckets:
            raise Refused("404", "Not Found")

    def s3_CreateBucket(self, p: Any, said: Any) -> None:
        if p.Bucket in self.buckets:
            raise Refused("BucketAlreadyOwnedByYou", p.Bucket)
        self.buckets[p.Bucket] = []

    def _on_bucket(self, p: Any, said: Any) -> dict[str, Any]:
        if p.Bucket not in self.buckets:
            raise Refused("NoSuchBucket", p.Bucket)
        return {}

    s3_PutBucketVersioning = s3_PutPublicAccessBlock = s3_PutBucketEncryption = s3_GetBucketVersioning = (
        _on_bucket
    )

    def s3_ListObjectsV2(self, p: Any, said: Any) -> dict[str, Any]:
        self._on_bucket(p, said)
        latest = {one["Key"]: one for one in self.buckets[p.Bucket]}
        shown = [
            {"Key": key, "Size": 1, "LastModified": self.now}
            for key, one in latest.items()
            if not one["Marker"]
        ]
        return {"Contents": shown} if shown else {}

    def s3_ListObjectVersions(self, p: Any, said: Any) -> dict[str, Any]:
        self._on_bucket(p, said)
        kinds = {"Versions": False, "DeleteMarkers": True}
        return {
            kind: found
            for kind, marker in kinds.items()
            if (found := [one for one in self.buckets[p.Bucket] if one["Marker"] is marker])
        }

    def s3_PutObject(self, p: Any, said: Any) -> None:
        self._on_bucket(p, said)
        self.put(p.Bucket, p.Key)

    def s3_DeleteObject(self, p: Any, said: Any) -> None:
        self._on_bucket(p, said)
        held = self.buckets[p.Bucket]
        if "VersionId" not in said:
            held.append({"Key": p.Key, "VersionId": uuid.uuid4().hex, "Marker": True})
            return
        found = [one for one in held if (one["Key"], one["VersionId"]) == (p.Key, p.VersionId)]
        if not found:
            raise Refused("NoSuchVersion", f"{p.Key} {p.VersionId}")
        held.remove(found[0])

    def cloudfront_CreateInvalidation(self, p: Any, said: Any) -> None:
        pass

    def elbv2_DescribeTargetHealth(self, p: Any, said: Any) -> dict[str, Any]:
        states = [(one.id, "unhealthy" if self.complaint(one.told) else "healthy") for one in self.instances]
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": name}, "TargetHealth": {"State": state}} for name, state in states
            ]
        }

    def sns_Subscribe(self, p: Any, said: Any) -> dict[str, Any]:
        return {"SubscriptionArn": "pending confirmation"}

    def _alarm(self, p: Any, said: Any) -> dict[str, Any]:
        name = said.get("AlarmName")
        if name and name not in {
            one["alarm_name"] for one in self.resources["aws_cloudwatch_metric_alarm"].values()
        }:
            raise Refused("ResourceNotFound", name)
        return {}

    cloudwatch_SetAlarmState = cloudwatch_DescribeAlarms = cloudwatch_DescribeAlarmHistory = _alarm

    def _log_group(self, p: Any, said: Any) -> None:
        named = {body["name"] for body in self.resources["aws_cloudwatch_log_group"].values()}
        if p.logGroupName not in named:
            raise Refused("ResourceNotFoundException", p.logGroupName)

    def logs_FilterLogEvents(self, p: Any, said: Any) -> dict[str, Any]:
        self._log_group(p, said)
        return {"events": [{"message": "a line", "timestamp": int(self.clock)}]}

    def logs_StartQuery(self, p: Any, said: Any) -> dict[str, Any]:
        self._log_group(p, said)
        self.queries.append(str(uuid.uuid4()))
        return {"queryId": self.queries[-1]}

    def logs_GetQueryResults(self, p: Any, said: Any) -> dict[str, Any]:
        if p.queryId not in self.queries:
            raise Refused("ResourceNotFoundException", p.queryId)
        return {"status": "Complete", "results": []}

    def wafv2_ListWebACLs(self, p: Any, said: Any) -> dict[str, Any]:
        bodies = self.resources["aws_wafv2_web_acl"].values()
        shown = [{"Name": body["name"], "ARN": self.acl(body)} for body in bodies if body["scope"] == p.Scope]
        return {"WebACLs": shown}

    def acl(self, body: dict[str, Any]) -> str:
        return f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/{body['name']}/1"

    def wafv2_GetSampledRequests(self, p: Any, said: Any) -> dict[str, Any]:
        if p.WebAclArn not in {self.acl(body) for body in self.resources["aws_wafv2_web_acl"].values()}:
            raise Refused("WAFNonexistentItemException", p.WebAclArn)
        return {"SampledRequests": []}

    def ce_GetCostAndUsage(self, p: Any, said: Any) -> dict[str, Any]:
        return {"ResultsByTime": []}

    def secretsmanager_DescribeSecret(self, p: Any, said: Any) -> dict[str, Any]:
        if p.SecretId not in self.secrets:
            raise Refused("ResourceNotFoundException", p.SecretId)
        return {"LastRotatedDate": self.now}

    def ssm_StartSession(self, p: Any, said: Any) -> dict[str, Any]:
        if p.Target not in {one.id for one in self.instances}:
            raise Refused("TargetNotConnected", p.Target)
        return {"SessionId": "s", "TokenValue": "t", "StreamUrl": "wss://example"}

    def ssm_SendCommand(self, p: Any, said: Any) -> None:
        for command in p.Parameters["commands"]:
            changed = re.fullmatch(r"sed -i s#\^(\w+)=\.\*#\1=(.*)# /etc/cloudmart/backend\.env", command)
            if not changed and command != "systemctl restart cloudmart-backend":
                raise Unknown(f"what an instance does with {command}")
            for one in self.instances if changed else ():
                one.told[changed[1]] = changed[2]  # type: ignore[index]

    def backup_ListRecoveryPointsByBackupVault(self, p: Any, said: Any) -> dict[str, Any]:
        return {
            "RecoveryPoints": [{"RecoveryPointArn": one, "CreationDate": self.now} for one in self.points]
        }

    def backup_DeleteRecoveryPoint(self, p: Any, said: Any) -> None:
        self.points.remove(p.RecoveryPointArn)

    def fis_StartExperiment(self, p: Any, said: Any) -> dict[str, Any]:
        self.experiments.append(f"EXP{len(self.experiments)}")
        return {"experiment": {"id": self.experiments[-1]}}

    def _experiment(self, p: Any, said: Any) -> dict[str, Any]:
        if p.id not in self.experiments:
            raise Refused("ResourceNotFoundException", p.id)
        return {"experiment": {"id": p.id, "state": {"status": "running"}}}

    fis_GetExperiment = fis_StopExperiment = _experiment

    # --- the group -------------------------------------------------------------------------------------------

    def _group(self, name: str) -> dict[str, Any]:
        if self.group is None or name != self.group_of["name"]:
            raise Refused("ValidationError", f"AutoScalingGroup name not found: {name}")
        return self.group

    def autoscaling_DescribeAutoScalingGroups(self, p: Any, said: Any) -> dict[str, Any]:
        self._group(p.AutoScalingGroupNames[0])
        shown = [{"InstanceId": one.id, "AvailabilityZone": one.zone} for one in self.instances]
        return {"AutoScalingGroups": [{"Instances": shown}]}

    def autoscaling_DescribeInstanceRefreshes(self, p: Any, said: Any) -> dict[str, Any]:
        """Asked until the answer is the last word."""
        group = self._group(p.AutoScalingGroupName)
        for _ in range(20):
            if group["refreshes"][-1:] == ["InProgress"]:
                self.pass_time(MINUTE)
        return {"InstanceRefreshes": [{"Status": one} for one in reversed(group["refreshes"])]}

    def autoscaling_StartInstanceRefresh(self, p: Any, said: Any) -> None:
        if self._group(p.AutoScalingGroupName)["refreshes"][-1:] == ["InProgress"]:
            raise Refused("InstanceRefreshInProgress", p.AutoScalingGroupName)
        self._refresh()

    def autoscaling_DescribeScalingActivities(self, p: Any, said: Any) -> dict[str, Any]:
        self._group(p.AutoScalingGroupName)
        return {"Activities": []}

    def autoscaling_SetDesiredCapacity(self, p: Any, said: Any) -> None:
        group = self._group(p.AutoScalingGroupName)
        if not self.group_of["min_size"] <= p.DesiredCapacity <= self.group_of["max_size"]:
            raise Refused("ValidationError", f"{p.DesiredCapacity} is outside of the group's bounds")
        group["desired"] = p.DesiredCapacity
        zones = (group["zones"] * p.DesiredCapacity)[: p.DesiredCapacity]
        self.instances = [*self.instances, *map(self._instance, zones)][: p.DesiredCapacity]

    def autoscaling_SuspendProcesses(self, p: Any, said: Any) -> None:
        self._group(p.AutoScalingGroupName)["suspended"] |= set(p.ScalingProcesses)

    def autoscaling_ResumeProcesses(self, p: Any, said: Any) -> None:
        self._group(p.AutoScalingGroupName)["suspended"].clear()

    def autoscaling_UpdateAutoScalingGroup(self, p: Any, said: Any) -> None:
        zones = [one.removeprefix("subnet-") for one in p.VPCZoneIdentifier.split(",")]
        if not set(zones) <= set(self.zones):
            raise Refused("ValidationError", f"no such subnets: {p.VPCZoneIdentifier}")
        self._group(p.AutoScalingGroupName)["zones"] = zones
        self.instances = [one if one.zone in zones else self._instance(zones[0]) for one in self.instances]

    # --- the cache -------------------------------------------------------------------------------------------

    def _cache(self, said: dict[str, Any]) -> dict[str, Any]:
        name = said.get("ReplicationGroupId", self.cache_of["replication_group_id"])
        if self.cache is None or name != self.cache_of["replication_group_id"]:
            raise Refused("ReplicationGroupNotFoundFault", name)
        return self.cache

    def elasticache_DescribeReplicationGroups(self, p: Any, said: Any) -> dict[str, Any]:
        cache = self._cache(said)
        members = [
            {"CurrentRole": "replica" if n else "primary", "PreferredAvailabilityZone": zone}
            for n, zone in enumerate(cache["zones"])
        ]
        return {
            "ReplicationGroups": [{"Status": cache["status"], "NodeGroups": [{"NodeGroupMembers": members}]}]
        }

    def _cache_busy(self, seconds: float) -> dict[str, Any]:
        cache = self._cache({})
        if cache["status"] != "available":
            raise Refused("InvalidReplicationGroupState", cache["status"])
        cache["status"] = "modifying"
        self.later(seconds, lambda: cache.update(status="available"))
        return cache

    def elasticache_TestFailover(self, p: Any, said: Any) -> None:
        self._cache(said)
        self._cache_busy(MINUTE)["zones"].reverse()

    def elasticache_ModifyReplicationGroup(self, p: Any, said: Any) -> None:
        self._cache(said)
        self._cache_busy(2 * TAKES["upgrade"])["engine"] = p.EngineVersion

    def elasticache_CreateSnapshot(self, p: Any, said: Any) -> None:
        self._cache(said)
        self._cache_busy(TAKES["snapshot"])
        if p.SnapshotName in self.cache_snapshots:
            raise Refused("SnapshotAlreadyExistsFault", p.SnapshotName)
        self.cache_snapshots.append(p.SnapshotName)

    def elasticache_DescribeSnapshots(self, p: Any, said: Any) -> dict[str, Any]:
        shown = [{"SnapshotName": one, "SnapshotStatus": "available"} for one in self.cache_snapshots]
        return {"Snapshots": [one | {"NodeSnapshots": [{"SnapshotCreateTime": self.now}]} for one in shown]}

    def elasticache_DescribeCacheEngineVersions(self, p: Any, said: Any) -> dict[str, Any]:
        return {"CacheEngineVersions": [{"EngineVersion": "7.0"}, {"EngineVersion": "7.1"}]}

    def elasticache_DescribeEvents(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Events": []}

    # --- databases -------------------------------------------------------------------------------------------

    def _make(self, database: Database) -> None:
        if database.identifier in self.databases:
            raise Refused("DBInstanceAlreadyExists", database.identifier)
        if self.keys.get(database.key) != "Enabled":
            raise Refused("KMSKeyNotAccessibleFault", database.key)
        database.zone = self.zones[0]
        self.databases[database.identifier] = database
        self._manage(database)

    def _manage(self, database: Database) -> None:
        database.secret = f"arn:aws:secretsmanager:{self.region}:{ACCOUNT}:secret:rds!{database.resource}-x"
        self._rotate(database)

    def _rotate(self, database: Database) -> None:
        database.password = uuid.uuid4().hex
        if database.secret:
            self.secrets[database.secret] = database.password

    def _snapshot_of(self, database: Database, name: str, manual: bool) -> Snapshot:
        if name in self.snapshots:
            raise Refused("DBSnapshotAlreadyExists", name)
        made = Snapshot(
            name, database.identifier, database.rows, database.key, database.version, manual, self.now
        )
        self.later(TAKES["snapshot"], lambda: setattr(made, "status", "available"))
        return made

    def _ready(self, name: str) -> Database:
        if name not in self.databases:
            raise Refused("DBInstanceNotFound", name)
        database = self.databases[name]
        if database.status not in ("available", "backing-up"):
            raise Refused("InvalidDBInstanceState", f"{name} is {database.status}")
        return database

    def _busy(
        self, database: Database, status: str, seconds: float, then: Callable[[], None] | None = None
    ) -> None:
        database.status = status

        def over() -> None:
            database.status = "available"
            if then:
                then()

        self.later(seconds, over)

    def _delete(self, database: Database, last: str | None) -> None:
        if database.protected:
            raise Refused("InvalidParameterCombination", f"{database.identifier} is protected from deletion")
        if last:
            self.snapshots[last] = self._snapshot_of(database, last, manual=True)
        del self.databases[database.identifier]
        self.secrets.pop(database.secret, None)

    def rds_DescribeDBInstances(self, p: Any, said: Any) -> dict[str, Any]:
        name = said.get("DBInstanceIdentifier")
        if name and name not in self.databases:
            raise Refused("DBInstanceNotFound", name)
        return {
            "DBInstances": [
                {
                    "DBInstanceIdentifier": one.identifier,
                    "DBInstanceStatus": one.status,
                    "DbiResourceId": one.resource,
                    "AvailabilityZone": one.zone,
                    "SecondaryAvailabilityZone": next((z for z in self.zones if z != one.zone), None),
                    "LatestRestorableTime": one.rows,
                    "DBParameterGroups": [{"DBParameterGroupName": one.parameters}],
                    "PendingModifiedValues": {},
                    "MasterUserSecret": {"SecretArn": one.secret},
                }
                for one in self.databases.values()
                if name in (None, one.identifier)
            ]
        }

    def rds_ModifyDBInstance(self, p: Any, said: Any) -> None:
        database = self._ready(p.DBInstanceIdentifier)
        if new := said.get("NewDBInstanceIdentifier"):
            if new in self.databases:
                raise Refused("DBInstanceAlreadyExists", new)

            def renamed() -> None:
                # Until now it went by the name before: https://github.com/aws/aws-sdk/issues/421
                self.databases[new] = self.databases.pop(database.identifier)
                database.identifier = new

            self._busy(database, "renaming", TAKES["rename"], renamed)
            return
        if said.get("RotateMasterUserPassword"):
            self._rotate(database)
        if said.get("ManageMasterUserPassword"):
            self._manage(database)
        if "DeletionProtection" in said:
            database.protected = p.DeletionProtection
            return
        if version := said.get("EngineVersion"):
            major = version.partition(".")[0]
            if major != database.version.partition(".")[0]:
                if not said.get("AllowMajorVersionUpgrade"):
                    raise Refused("InvalidParameterCombination", "AllowMajorVersionUpgrade must be given")
                if f"postgres{major}" not in said.get("DBParameterGroupName", ""):
                    raise Refused("InvalidParameterCombination", "the parameter group is of another family")
                database.parameters = p.DBParameterGroupName
            database.version = version
        self._busy(database, "modifying", TAKES["modify"])

    def rds_RebootDBInstance(self, p: Any, said: Any) -> None:
        database = self._ready(p.DBInstanceIdentifier)
        if said.get("ForceFailover"):
            if not database.multi_az:
                raise Refused("InvalidParameterCombination", f"{database.identifier} has no standby")
            database.zone = next(zone for zone in self.zones if zone != database.zone)
        self._busy(database, "rebooting", MINUTE)

    def _restored(self, said: dict[str, Any], name: str, source: Snapshot | Database) -> None:
        if self.keys.get(source.key) != "Enabled":
            raise Refused("KMSKeyNotAccessibleFault", source.key)
        new = Database(name, source.rows, source.key, version=source.version)
        new.protected, new.multi_az = bool(said.get("DeletionProtection")), bool(said.get("MultiAZ"))
        new.iam = bool(said.get("EnableIAMDatabaseAuthentication"))
        new.roles = set(source.roles) if isinstance(source, Database) else self.roles_at(source)
        new.parameters = said.get("DBParameterGroupName", "default")
        if not new.parameters or not said.get("VpcSecurityGroupIds") or "" in said["VpcSecurityGroupIds"]:
            raise Refused("InvalidParameterValue", "no parameter group or security group")
        if not new.parameters.endswith(f"postgres{new.version.partition('.')[0]}"):
            raise Refused(
                "InvalidParameterCombination", f"{new.parameters} is of another family than {new.version}"
            )
        for kind in said.get("EnableCloudwatchLogsExports", []):
            self.taken[("aws_cloudwatch_log_group", f"/aws/rds/instance/{name}/{kind}")] = "by a service"
        self._make(new)
        if not said.get("ManageMasterUserPassword"):
            # The password of the moment that is restored, in no secret of RDS's.
            self.secrets.pop(new.secret)
            new.secret = ""
        self._busy(new, "creating", TAKES["restore"])

    def roles_at(self, source: Snapshot) -> set[str]:
        """The roles inside of a snapshot: those of its source, which never loses one here."""
        return {one for database in self.databases.values() for one in database.roles}

    def rds_RestoreDBInstanceFromDBSnapshot(self, p: Any, said: Any) -> None:
        source = self.snapshots.get(p.DBSnapshotIdentifier)
        if source is None:
            raise Refused("DBSnapshotNotFound", p.DBSnapshotIdentifier)
        if source.status != "available":
            raise Refused("InvalidDBSnapshotState", f"{source.name} is {source.status}")
        self._restored(said, p.DBInstanceIdentifier, source)

    def rds_RestoreDBInstanceToPointInTime(self, p: Any, said: Any) -> None:
        source = self._ready(p.SourceDBInstanceIdentifier)
        moment = (
            p.RestoreTime if isinstance(p.RestoreTime, datetime) else datetime.fromisoformat(p.RestoreTime)
        )
        if moment > source.rows:
            raise Refused("InvalidRestoreFault", f"{source.identifier} cannot be restored to {moment}")
        self._restored(said, p.TargetDBInstanceIdentifier, source)

    def rds_DeleteDBInstance(self, p: Any, said: Any) -> None:
        database = self._ready(p.DBInstanceIdentifier)
        last = said.get("FinalDBSnapshotIdentifier")
        if not last and not said.get("SkipFinalSnapshot"):
            raise Refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required")
        if database.protected or last in self.snapshots:
            self._delete(database, last)
        database.status = "deleting"
        self.later(TAKES["delete"], lambda: self._delete(database, last))

    def rds_CreateDBSnapshot(self, p: Any, said: Any) -> None:
        database = self._ready(p.DBInstanceIdentifier)
        self.snapshots[p.DBSnapshotIdentifier] = self._snapshot_of(
            database, p.DBSnapshotIdentifier, manual=True
        )

    def rds_CopyDBSnapshot(self, p: Any, said: Any) -> None:
        source = self.snapshots.get(p.SourceDBSnapshotIdentifier)
        if source is None:
            raise Refused("DBSnapshotNotFound", p.SourceDBSnapshotIdentifier)
        if p.TargetDBSnapshotIdentifier in self.snapshots:
            raise Refused("DBSnapshotAlreadyExists", p.TargetDBSnapshotIdentifier)
        if source.status != "available":
            raise Refused("InvalidDBSnapshotState", f"{source.name} is {source.status}")
        for key in (source.key, said.get("KmsKeyId", source.key)):
            if self.keys.get(key) != "Enabled":
                raise Refused("KMSKeyNotAccessibleFault", key)
        made = Snapshot(
            p.TargetDBSnapshotIdentifier,
            source.source,
            source.rows,
            p.KmsKeyId,
            source.version,
            True,
            self.now,
        )
        self.snapshots[made.name] = made
        self.later(TAKES["snapshot"], lambda: setattr(made, "status", "available"))

    def rds_DescribeDBSnapshots(self, p: Any, said: Any) -> dict[str, Any]:
        shown = [
            {"DBSnapshotIdentifier": one.name, "SnapshotCreateTime": one.created, "Status": one.status}
            for one in self.snapshots.values()
            if said.get("DBInstanceIdentifier") in (None, one.source)
            and said.get("DBSnapshotIdentifier") in (None, one.name)
            and (said.get("SnapshotType") != "manual" or one.manual)
        ]
        return {"DBSnapshots": shown}

    def rds_DescribeDBEngineVersions(self, p: Any, said: Any) -> dict[str, Any]:
        return {"DBEngineVersions": [{"EngineVersion": "15.13"}]}

    def rds_DescribePendingMaintenanceActions(self, p: Any, said: Any) -> dict[str, Any]:
        return {"PendingMaintenanceActions": []}

    def rds_DescribeEvents(self, p: Any, said: Any) -> dict[str, Any]:
        return {"Events": []}
