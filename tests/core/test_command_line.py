"""The command line, as an operator meets it: through a process, with exit codes and one clear line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ztoe_hub import outbox
from ztoe_hub.storage.database import open_database
from ztoe_hub.storage.schema import upgrade
from ztoe_hub.testing.clocks import FrozenClock
from ztoe_hub.testing.situations import PASSWORD

HUB = '[hub]\nsecret_key = "a secret key that is long enough for it"\n'
PLUGIN = """
from ztoe_hub.testing.hubs import FakePlugin
from ztoe_hub.testing.records import some_records
plugin = FakePlugin(type_name="scripted")
plugin.billing.records.update(some_records())
signing_services, notification_channels = plugin.signing_services, plugin.notification_channels
billing_sources, signature_readers = plugin.billing_sources, plugin.signature_readers
"""
INSTANCES = """
[signing.main]
type = "scripted"
[billing.main]
type = "scripted"
[signatures.reader]
type = "scripted"
[notifications.mail]
type = "scripted"
"""

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]

#: Starting Python and importing everything takes seconds, forking takes none: a process that has imported the
#: commands, and forks for each line of its input. What the child then does is what `python -m` would do.
WARM = """
import contextlib, json, os, sys, traceback
from importlib import import_module
from importlib.metadata import entry_points
from ztoe_hub.cli.main import known_commands, main
for command in known_commands().values():
    if command.target.startswith("ztoe_hub."):
        import_module(command.target.partition(":")[0])
for plugin in entry_points(group="ztoe_hub"):
    with contextlib.suppress(Exception):
        plugin.load()
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environ"])
        sys.path.insert(0, asked["site"])
        flags = os.O_CREAT | os.O_RDWR
        for number, name in enumerate(["in", "out", "err"]):
            os.dup2(os.open(os.path.join(asked["site"], name), flags | (os.O_TRUNC if number else 0)), number)
        sys.stdin = os.fdopen(0)
        code = 0
        try:
            main(asked["arguments"])
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def warm() -> Iterator[subprocess.Popen[str]]:
    """The process that forks."""
    command = [sys.executable, "-W", "error", "-c", WARM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages with one plugin, whose adapters are the fakes."""
    site = tmp_path / "site"
    install(site, "scripted", "scripted_plugin")
    (site / "scripted_plugin.py").write_text(PLUGIN)
    return site


def install(site: Path, name: str, module: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[ztoe_hub]\n{name} = {module}\n")


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("ZTOE_")}


@pytest.fixture
def run(tmp_path: Path, site: Path, warm: subprocess.Popen[str]) -> Run:
    """Runs `ztoe-hub …` in a folder of its own."""

    def command(*arguments: str, given: str = "", **more: str) -> Result:
        assert warm.stdin is not None
        assert warm.stdout is not None
        (site / "in").write_text(given)
        asked = {
            "arguments": arguments,
            "folder": str(tmp_path),
            "site": str(site),
            "environ": {**environment(), **more},
        }
        warm.stdin.write(json.dumps(asked) + "\n")
        warm.stdin.flush()
        code = int(warm.stdout.readline())
        return Result(arguments, code, (site / "out").read_text(), (site / "err").read_text())

    return command


def run_cold(folder: Path, *arguments: str) -> Result:
    """As an operator does: a Python of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "ztoe_hub.cli.main", *arguments],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def deployment(run: Run, tmp_path: Path) -> Path:
    """A settings file and a migrated database."""
    (tmp_path / "ztoe-hub.toml").write_text(HUB + INSTANCES)
    database = open_database(f"sqlite:///{tmp_path / 'ztoe-hub.sqlite'}")
    upgrade(database)
    database.close()
    return tmp_path


def ok(result: Result) -> str:
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def failed(result: Result, code: int) -> str:
    """What was said on standard error; never a traceback."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("ztoe-hub: ")
    return result.stderr.removeprefix("ztoe-hub: ").strip()


def test_help_lists_the_commands(run: Run, tmp_path: Path) -> None:
    text = ok(run_cold(tmp_path, "--help"))
    for name in ("init", "work", "sync", "check", "users", "signing", "outbox", "plugins", "db"):
        assert f"\n  {name} " in text
    assert ok(run()) == text


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = tmp_path / "probe.py"
    script.write_text(
        "import sys\nfrom ztoe_hub.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlmodel', 'sqlalchemy', 'alembic', 'flask', 'httpx', 'typer', 'PIL', 'typst'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr.strip()) == (0, "")


@pytest.mark.parametrize(
    "name", ["init", "sync", "check", "users", "signing", "outbox", "plugins", "db", "work"]
)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    assert f"ztoe-hub {name}" in ok(run(name, "--help"))


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    result = run("sink")
    assert result.returncode == 2
    assert "there is no command 'sink'" in result.stderr


def test_init_writes_settings_that_can_be_read_and_a_key_nobody_else_can(run: Run, tmp_path: Path) -> None:
    assert "ztoe-hub db upgrade" in ok(run("init", "here"))
    key = tmp_path / "here" / "secret.key"
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_text().strip()) >= 48
    for secret in ("paperless", "mail", "1c"):
        (tmp_path / "here" / f"{secret}.secret").write_text("secret")
    assert ok(run("--settings", "here/ztoe-hub.toml", "db", "upgrade")).startswith("the database is at")
    assert (tmp_path / "here" / "ztoe-hub.sqlite").exists()


def test_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    ok(run("init"))
    before = (tmp_path / "secret.key").read_text()
    assert "exists already" in failed(run("init"), 2)
    assert (tmp_path / "secret.key").read_text() == before


@pytest.mark.parametrize("command", ["db upgrade", "check", "users list", "sync", "outbox list", "work"])
def test_without_settings_every_command_says_so(run: Run, command: str) -> None:
    assert "does not exist. `ztoe-hub init` writes one" in failed(run(*command.split()), 2)


def test_a_cold_start_says_the_same(tmp_path: Path) -> None:
    assert "does not exist. `ztoe-hub init` writes one" in failed(run_cold(tmp_path, "users", "list"), 2)


def test_a_mistake_in_the_settings_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ztoe-hub.toml").write_text(f"{HUB}secret_kye = 1\n")
    text = failed(run("check"), 2)
    assert text.endswith("hub.secret_kye: unknown key; did you mean secret_key?")
    assert "\n" not in text


def test_the_settings_may_lie_elsewhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(HUB)
    ok(run("--settings", "other.toml", "db", "upgrade"))
    ok(run("users", "list", ZTOE_HUB_SETTINGS="other.toml"))


def test_a_database_without_tables_says_how_to_make_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ztoe-hub.toml").write_text(HUB)
    assert "run `ztoe-hub db upgrade`" in failed(run("users", "list"), 2)


def test_upgrading_can_be_repeated(deployment: Path, run: Run) -> None:
    assert ok(run("db", "upgrade")) == ok(run("db", "upgrade"))


def test_a_user_is_added_listed_blocked_and_let_in_again(deployment: Path, run: Run) -> None:
    add = ["users", "add", "op", "--email", "op@example.com", "--role", "operator", "--password-stdin"]
    assert ok(run(*add, given=f"{PASSWORD}\n")) == "added operator op\n"
    assert ok(run("users", "list")) == "op\toperator\top@example.com\n"
    ok(run("users", "block", "op"))
    assert ok(run("users", "list")).endswith("\tblocked\n")
    ok(run("users", "unblock", "op"))
    assert "changed" in ok(run("users", "password", "op", "--password-stdin", given="another password\n"))


def test_a_user_that_cannot_be_added_is_an_error_by_field(deployment: Path, run: Run) -> None:
    add = ["users", "add", "156561010", "--email", "nobody", "--password-stdin"]
    text = failed(run(*add, given="short\n"), 1)
    for field in ("email: ", "password: ", "tax_code: "):
        assert f"\n{field}" in text
    assert "short" not in text


def test_a_user_of_nobody_is_an_error(deployment: Path, run: Run) -> None:
    failed(run("users", "block", "nobody"), 1)


def test_sync_reports_as_a_table_and_as_json(deployment: Path, run: Run) -> None:
    table = ok(run("sync"))
    assert table.splitlines()[0].split()[:4] == ["source", "stream", "status", "read"]
    reports = json.loads(ok(run("sync", "main", "--stream", "accounts", "--stream", "districts", "--json")))
    assert [(each["stream"], each["status"], each["unchanged"]) for each in reports] == [
        ("districts", "done", 2),
        ("accounts", "done", 3),
    ]
    assert {"source", "read", "new", "changed", "vanished", "rejected", "warnings", "problems"} <= set(
        reports[0]
    )


def test_sync_of_nobody_is_an_error(deployment: Path, run: Run) -> None:
    failed(run("sync", "typo"), 1)
    assert ok(run("outbox", "list")) == ""


def test_sync_that_was_held_says_why_and_fails(deployment: Path, run: Run) -> None:
    ok(run("sync"))
    module = deployment / "site" / "scripted_plugin.py"
    module.write_text(module.read_text() + "plugin.billing.complete = False\n")
    result = run("sync", "main", "--stream", "accounts")
    assert result.returncode == 1
    assert "held: the source says that the read is not complete" in result.stdout


def test_check_reaches_every_provider(deployment: Path, run: Run) -> None:
    lines = ok(run("check")).splitlines()
    for name in ("settings", "database", "signing.main", "notifications.mail", "billing.main"):
        assert any(line.startswith(f"{name}: ok") for line in lines)


def test_check_fails_when_a_provider_does(deployment: Path, run: Run) -> None:
    module = deployment / "site" / "scripted_plugin.py"
    module.write_text(module.read_text() + "plugin.signing.refuses_us = True\n")
    result = run("check")
    assert (result.returncode, result.stderr) == (1, "")
    assert "signing.main: FAILED: the fake refuses the login" in result.stdout
    assert run("plugins", "check", "main").returncode == 1
    assert run("plugins", "check", "mail").returncode == 0
    assert run("plugins", "check", "nothing").returncode == 2


def test_a_route_that_leads_nowhere_stops_the_start(deployment: Path, run: Run) -> None:
    settings = deployment / "ztoe-hub.toml"
    settings.write_text(settings.read_text() + '[[routes.signing]]\nservice = "gone"\n')
    assert "routes.signing: there is no [signing.gone]; configured are main" in failed(run("check"), 2)


def test_plugins_are_listed_with_their_instances(deployment: Path, run: Run) -> None:
    text = ok(run("plugins", "list"))
    assert "scripted\tbilling_sources, notification_channels, signature_readers, signing_services" in text
    assert "[signing.main]\ttype scripted" in text


def test_a_broken_plugin_stops_or_is_left_out(deployment: Path, run: Run) -> None:
    install(deployment / "site", "broken", "no_such_module_anywhere")
    assert "plugin broken (broken) cannot be imported" in failed(run("plugins", "list"), 2)
    result = run("--skip-broken-plugins", "plugins", "list")
    assert result.returncode == 0
    assert "plugin broken (broken) cannot be imported" in result.stderr


def test_parked_work_is_listed_and_tried_again(deployment: Path, run: Run) -> None:
    clock = FrozenClock()
    database = open_database(f"sqlite:///{deployment / 'ztoe-hub.sqlite'}")
    with database.write() as session:
        outbox.add_work(session, "follow_document", 7, now=clock())
    [row] = outbox.list_work(database)
    item = outbox.claim_work(database, row.id, now=clock(), lease=clock() - FrozenClock()())
    assert item is not None
    outbox.park_work(database, item, error="the service refuses us")
    database.close()

    text = ok(run("outbox", "list", "--state", "parked"))
    assert text.split("\t")[1:4] == ["parked", "follow_document", "7"]
    assert text.endswith("the service refuses us\n")
    assert run("outbox", "retry").returncode == 2
    assert run("outbox", "retry", "99").returncode == 1
    assert ok(run("outbox", "retry", str(row.id))) == "1 due again\n"
    assert run("outbox", "retry", "--all").returncode == 1


@pytest.mark.parametrize("act", ["approve", "refuse"])
def test_settling_a_document_that_is_not_there_is_an_error(deployment: Path, run: Run, act: str) -> None:
    failed(run("signing", act, "404", "--word", "x"), 1)
    assert ok(run("signing", "status")) == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_says_that_it_is_ready_and_stops_when_told(
    deployment: Path, run: Run, number: signal.Signals
) -> None:
    environ = {**environment(), "PYTHONPATH": str(deployment / "site")}
    worker = subprocess.Popen(
        [sys.executable, "-m", "ztoe_hub.cli.main", "work"],
        cwd=deployment, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready work\n"
    worker.send_signal(number)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert "Traceback" not in said


def test_a_database_that_cannot_be_opened_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ztoe-hub.toml").write_text(f'{HUB}database = "sqlite:////no/such/folder/hub.sqlite"\n')
    for command in (["db", "upgrade"], ["users", "list"]):
        assert "database" in failed(run(*command), 2)


@pytest.mark.parametrize("url", ["nonsense", "mysql://x@y/z", "postgresql+nodriver://hub:s3cret@db/hub"])
def test_a_database_that_is_none_is_one_line(run: Run, tmp_path: Path, url: str) -> None:
    (tmp_path / "ztoe-hub.toml").write_text(f'{HUB}database = "{url}"\n')
    text = failed(run("db", "upgrade"), 2)
    assert "hub.database" in text
    assert "s3cret" not in text
