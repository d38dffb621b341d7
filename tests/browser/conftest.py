"""A whole demonstration on free ports, and a Chromium to look at it. Says why when there is none."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from ztoe_demo.deployment import Addresses, Deployment
from ztoe_sandbox.process import Counterparty

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = Path(__file__).parents[2] / "docs/screenshots"
WIDTHS = (320, 768, 1280)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, where there is no browser."""
    if not Path(CHROMIUM).exists():
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}; CHROMIUM names another"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, headless, without calls of its own."""
    quiet = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "headless": True, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A consumer in Kyiv."""
    return {**browser_context_args, "locale": "uk-UA", "timezone_id": "Europe/Kyiv"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The counterparties, the hub and the cabinet, as `make demo` starts them."""
    folder = tmp_path_factory.mktemp("deployment")
    port = free_port()
    with Counterparty("paperless") as paperless, Counterparty("1c") as base, Counterparty("mail") as mail:
        addresses = Addresses(
            cabinet=f"http://127.0.0.1:{port}",
            paperless=paperless.url,
            base=base.url,
            smtp_port=mail.port,
            inbox=mail.inbox_url,
        )
        made = Deployment(folder, addresses, cabinet_port=port)
        made.prepare()
        process = made.start("run")
        try:
            wait_until_ready(addresses.cabinet)
            yield made
        finally:
            process.terminate()
            assert process.wait(20) == 0


@pytest.fixture
def shoot(tmp_path: Path) -> Any:
    """Takes a page's picture at three widths; into docs/screenshots when ZTOE_SCREENSHOTS is set."""
    folder = SCREENSHOTS if os.environ.get("ZTOE_SCREENSHOTS") else tmp_path
    folder.mkdir(exist_ok=True)

    def take(page: Page, name: str, widths: tuple[int, ...] = WIDTHS) -> None:
        before = page.viewport_size
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, f"{name} scrolls sideways by {overflow} px at {width} px"
            picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            picture.convert("RGB").quantize(64).save(folder / f"{name}-{width}.png", optimize=True)
        if before:
            page.set_viewport_size(before)

    return take


@pytest.fixture
def without_script(browser: Browser) -> Iterator[Page]:
    """A page in a browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, locale="uk-UA")
    yield context.new_page()
    context.close()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(address: str, within_s: float = 60) -> None:
    """Until the cabinet answers."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if httpx.get(f"{address}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"{address} did not become ready")
