"""`ztoe-hub demo`: the counterparties, the hub and the cabinet, all on this machine."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer

from ztoe_sandbox.process import Counterparty

from .deployment import ADMINISTRATOR, CONSUMER, CONSUMER_EMAIL, OPERATOR, PASSWORD, Addresses, Deployment
from .story import Story, StoryFailed

STOP_WITHIN_S = 15
READY_WITHIN_S = 60


class Stopped(Exception):
    """Ctrl-C, or a request to end."""


def demo(
    check: Annotated[bool, typer.Option("--check", help="Play the whole story by itself and exit.")] = False,
    port: Annotated[
        int, typer.Option(help="The cabinet's port; the counterparties take the next four.")
    ] = 8000,
    folder: Annotated[
        Path | None,
        typer.Option(help="Keep the hub's files here; a temporary folder otherwise.", file_okay=False),
    ] = None,
) -> None:
    """Start everything on this machine: Paperless, a 1C base, a mail server (all simulated), the hub, the cabinet."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    with ExitStack() as stack:
        try:
            place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ztoe-demo-")))
            deployment = _start_everything(stack, place, port)
            if check:
                Story(deployment.addresses, say=typer.echo).play()
            else:
                _invite(deployment.addresses)
                while True:
                    time.sleep(3600)
        except Stopped:
            typer.echo("\nstopping …")
        except (StoryFailed, LookupError, RuntimeError) as failure:
            typer.echo(f"FAILED: {failure}", err=True)
            raise typer.Exit(1) from failure


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _start_everything(stack: ExitStack, folder: Path, port: int) -> Deployment:
    typer.echo("starting the counterparties: Paperless, a 1C base, a mail server …")
    paperless = stack.enter_context(Counterparty("paperless", "--port", str(port + 1)))
    base = stack.enter_context(Counterparty("1c", "--port", str(port + 2)))
    mail = stack.enter_context(Counterparty("mail", "--port", str(port + 3), "--web-port", str(port + 4)))
    addresses = Addresses(
        cabinet=f"http://127.0.0.1:{port}",
        paperless=paperless.url,
        base=base.url,
        smtp_port=mail.port,
        inbox=mail.inbox_url,
    )
    deployment = Deployment(folder, addresses, cabinet_port=port)
    started = time.monotonic()
    typer.echo("importing the base …")
    deployment.prepare()
    typer.echo(f"imported in {time.monotonic() - started:.1f} s; starting the hub and the cabinet …")
    stack.enter_context(_running(deployment))
    return deployment


@contextmanager
def _running(deployment: Deployment) -> Iterator[None]:
    """`ztoe-hub run`, ready to answer, stopped at the end."""
    process = deployment.start("run")
    try:
        _wait_until_ready(deployment, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(deployment: Deployment, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{deployment.addresses.cabinet}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    log = (deployment.folder / "run.log").read_text("utf-8", errors="replace")
    raise RuntimeError(f"the cabinet did not become ready:\n{log[-3000:]}")


def _invite(addresses: Addresses) -> None:
    typer.echo(f"""
Кабінет юридичного споживача      {addresses.cabinet}
    споживач                      {CONSUMER} / {PASSWORD}
    оператор, адміністратор       {OPERATOR}, {ADMINISTRATOR} / {PASSWORD}
Paperless (симуляція)             {addresses.paperless}     {CONSUMER_EMAIL} / demo
1С, сторінка працівника РЕМ       {addresses.base}
Поштова скринька                  {addresses.inbox}

Що спробувати:
  1. Увійдіть у кабінет, оберіть особовий рахунок 186 (Тестовий РЕМ).
  2. Послуги → Нове замовлення: три кроки, два файли (PDF, DOCX, зображення).
  3. Підпишіть заяву в Paperless; за секунду замовлення стане «Прийнято».
  4. На сторінці 1С зареєструйте заяву, додайте рахунок, позначте оплату, сплануйте дату, виконайте.
  5. Стежте за статусами в кабінеті, в «Повідомленнях» і в поштовій скриньці.

Ctrl-C зупиняє все.""")
