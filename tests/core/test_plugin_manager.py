"""Plugins: what does not fit stops the start-up, with a text that says what and where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ztoe_hub.errors import ConfigurationError, TransientError
from ztoe_hub.hookspecs import hookimpl
from ztoe_hub.outbox import WorkLine, list_work
from ztoe_hub.plugin_manager import build_plugin_manager, discover_plugins
from ztoe_hub.ports import AdapterContext, AdapterType, SigningService
from ztoe_hub.storage.states import WorkState
from ztoe_hub.testing.fakes.signing import FakeSigningService
from ztoe_hub.testing.hubs import FAKE_INSTANCES, FakePlugin, FakeSettings, hub_with
from ztoe_hub.testing.situations import Situation
from ztoe_hub.values import DocumentCompleted, OrderStatusChanged

ONE_SERVICE = '[signing.main]\ntype = "fake"\n'
LISTENER = '[listeners.erp]\ntype = "ear"\n'


def complaint(folder: Path, *plugins: object, settings_text: str = ONE_SERVICE) -> str:
    with pytest.raises(ConfigurationError) as caught:
        hub_with(*plugins, folder=folder, settings_text=settings_text)
    return str(caught.value)


class Ear:
    """A listener that remembers, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.events: list[OrderStatusChanged] = []
        self.failures = 0

    @hookimpl
    def order_status_changed(self, event: OrderStatusChanged) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise TransientError("not now")
        self.events.append(event)


class EarPlugin:
    """Offers the listener type `ear`: one instance, which the test holds."""

    def __init__(self, ear: object) -> None:
        self.ear = ear

    @hookimpl
    def listeners(self) -> Sequence[AdapterType[object]]:
        return [AdapterType(name="ear", settings=FakeSettings, build=lambda *_: self.ear)]


def test_a_misspelt_hook_stops_the_start_and_the_hooks_are_listed(tmp_path: Path) -> None:
    class Misspelt:
        @hookimpl
        def singing_services(self) -> list[object]:
            return []

    text = complaint(tmp_path, Misspelt())
    assert "singing_services" in text
    assert "signing_services; " in text
    assert text.endswith("is one misspelt?")


def test_an_argument_that_no_hook_has_stops_the_start(tmp_path: Path) -> None:
    class Greedy:
        @hookimpl
        def order_status_changed(self, event: OrderStatusChanged, session: object) -> None: ...

    text = complaint(tmp_path, Greedy())
    assert text.startswith("plugin plugin_1 does not fit: ")
    assert "session" in text


def test_two_plugins_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="plugin same does not fit"):
        build_plugin_manager([("same", FakePlugin()), ("same", FakePlugin())])


def test_two_types_of_one_name_are_refused_with_both_owners(tmp_path: Path) -> None:
    text = complaint(tmp_path, FakePlugin(), FakePlugin())
    assert "plugin_1" in text
    assert "plugin_2" in text
    assert "both offer the signing type 'fake'; uninstall one of them" in text


def test_two_plugins_with_types_of_their_own_work_side_by_side(tmp_path: Path) -> None:
    text = '[signing.one]\ntype = "fake"\n[signing.two]\ntype = "other"\n'
    first, second = FakePlugin(), FakePlugin(type_name="other")
    hub = hub_with(first, second, folder=tmp_path, settings_text=text)
    assert hub.instances.signing["one"].adapter is first.signing
    assert hub.instances.signing["two"].adapter is second.signing
    hub.close()


def test_an_unknown_type_is_named_with_those_that_are_offered(tmp_path: Path) -> None:
    text = complaint(tmp_path, FakePlugin(), settings_text='[signing.main]\ntype = "vchasno"\n')
    file = tmp_path / "ztoe-hub.toml"
    assert text == f"{file}: signing.main.type: no plugin offers 'vchasno'; offered are fake"


def test_without_any_plugin_the_text_asks_whether_it_is_installed(tmp_path: Path) -> None:
    assert complaint(tmp_path).endswith("offered are none: is the plugin installed?")


def test_an_unknown_key_of_http_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    text = complaint(tmp_path, FakePlugin(), settings_text=f"{ONE_SERVICE}http = {{ timeout = 3 }}\n")
    assert "signing.main.http.timeout: unknown key; known are attempts, ca_bundle, concurrency" in text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate_per_s", '"often"'),
        ("concurrency", "0"),
        ("attempts", "-1"),
        ("timeout_s", "0"),
        ("max_bytes", "1.5"),
    ],
)
def test_a_limit_that_is_none_is_named(tmp_path: Path, key: str, value: str) -> None:
    text = complaint(tmp_path, FakePlugin(), settings_text=f"{ONE_SERVICE}http = {{ {key} = {value} }}\n")
    assert f"signing.main.http.{key}: " in text


@pytest.mark.parametrize("entry", ['ca_bundle = "gone.pem"', 'proxy = "nonsense"', 'proxy = "ftp://proxy"'])
def test_a_way_out_that_cannot_be_built_is_named(tmp_path: Path, entry: str) -> None:
    text = complaint(tmp_path, FakePlugin(), settings_text=f"{ONE_SERVICE}http = {{ {entry} }}\n")
    assert "signing.main.http: ca_bundle or proxy cannot be used" in text


def test_limits_may_come_as_text_from_the_environment(tmp_path: Path) -> None:
    text = f'{ONE_SERVICE}http = {{ rate_per_s = "5", concurrency = "2", deadline_s = "7.5" }}\n'
    hub_with(FakePlugin(), folder=tmp_path, settings_text=text).close()


def test_what_a_build_refuses_names_the_table(tmp_path: Path) -> None:
    class Stubborn:
        @hookimpl
        def signing_services(self) -> Sequence[AdapterType[SigningService]]:
            def build(_: FakeSettings, context: AdapterContext) -> SigningService:
                raise ConfigurationError(f"{context.name} cannot work like this")

            return [AdapterType(name="fake", settings=FakeSettings, build=build)]

    text = complaint(tmp_path, Stubborn())
    assert text == f"{tmp_path / 'ztoe-hub.toml'}: signing.main: main cannot work like this"


def test_an_adapter_is_built_with_its_name_title_clock_and_way_out(tmp_path: Path) -> None:
    seen: list[AdapterContext] = []

    class Curious:
        @hookimpl
        def signing_services(self) -> Sequence[AdapterType[SigningService]]:
            def build(_: FakeSettings, context: AdapterContext) -> SigningService:
                seen.append(context)
                return FakeSigningService()

            return [AdapterType(name="fake", settings=FakeSettings, build=build)]

    hub = hub_with(
        Curious(),
        folder=tmp_path,
        settings_text=f'{ONE_SERVICE}title = {{ uk = "Сервіс", en = "Service" }}\n',
    )
    [context] = seen
    assert (context.name, context.title.uk, context.title.en) == ("main", "Сервіс", "Service")
    assert context.clock is hub.clock
    hub.close()


@pytest.mark.parametrize("name", ["erp", "plugin_1", "plugin_2"])
def test_a_listener_gets_its_events_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    ear = Ear()
    listener = LISTENER.replace("erp", name)
    situation = Situation(tmp_path, settings_text=FAKE_INSTANCES + listener, plugins=(EarPlugin(ear),))
    order_id = situation.awaiting()
    [event] = ear.events
    assert (event.order_id, event.old_state, event.new_state) == (
        order_id,
        "collecting",
        "awaiting_signature",
    )
    assert event.event_id == f"order-{order_id}-2"
    assert event.consumer_code == "125000186"
    situation.close()


def test_a_listener_with_a_hook_that_does_not_exist_stops_the_start(tmp_path: Path) -> None:
    class Deaf:
        @hookimpl
        def order_state_changed(self, event: OrderStatusChanged) -> None: ...

    text = complaint(tmp_path, EarPlugin(Deaf()), settings_text=LISTENER)
    assert "order_state_changed" in text


def test_a_listener_with_an_argument_too_many_stops_the_start(tmp_path: Path) -> None:
    class Greedy:
        @hookimpl
        def document_completed(self, event: DocumentCompleted, password: str) -> None: ...

    text = complaint(tmp_path, EarPlugin(Greedy()), settings_text=LISTENER)
    assert "listeners.erp" in text
    assert "password" in text


def test_an_event_hook_may_be_implemented_by_a_plugin_itself_and_leave_out_the_argument(
    tmp_path: Path,
) -> None:
    calls: list[str] = []

    class Plain:
        @hookimpl
        def order_status_changed(self) -> None:
            calls.append("called")

    situation = Situation(tmp_path, plugins=(Plain(),))
    situation.awaiting()
    assert calls == ["called"]
    situation.close()


def test_a_listener_that_fails_is_called_again_alone(tmp_path: Path) -> None:
    well, ill = Ear(), Ear()
    ill.failures = 2
    situation = Situation(tmp_path, settings_text=FAKE_INSTANCES + LISTENER, plugins=(EarPlugin(ill), well))
    situation.awaiting()
    assert (len(well.events), len(ill.events)) == (1, 0)
    for _ in range(2):
        situation.pass_time(minutes=1)
    assert well.events == ill.events
    assert len(situation.fakes.channel.sent) == 1
    situation.close()


def test_a_listener_that_was_removed_is_no_trouble(tmp_path: Path) -> None:
    ear = Ear()
    ear.failures = 1
    situation = Situation(tmp_path, settings_text=FAKE_INSTANCES + LISTENER, plugins=(EarPlugin(ear),))
    situation.awaiting()
    later = situation.another_hub(settings_text=FAKE_INSTANCES)
    situation.clock.advance(minutes=1)
    later.engine.drain()
    assert not situation.parked()
    assert WorkState.DUE not in {row.state for row in _waiting(situation) if row.kind == "deliver_event"}
    later.close()
    situation.close()


def _waiting(situation: Situation) -> list[WorkLine]:
    return list_work(situation.hub.database)


Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a distribution with one plugin module on the path, as pip would."""
    site = tmp_path / "site"
    put_there: list[str] = []

    def put(name: str, code: str) -> None:
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ztoe_hub]\n{name} = {name}_module\n")
        (site / f"{name}_module.py").write_text(code)
        put_there.append(f"{name}_module")

    monkeypatch.syspath_prepend(str(site))
    yield put
    for name in put_there:
        sys.modules.pop(name, None)


def test_an_installed_plugin_is_found(install: Install) -> None:
    install("sounding", "KNOWN = 1\n")
    found = dict(discover_plugins(skip_broken=True, warn=lambda _: None))
    assert vars(found["sounding"])["KNOWN"] == 1


@pytest.mark.parametrize("code", ["import nothing_of_this_name\n", "1 / 0\n", "syntax error\n"])
def test_a_plugin_that_cannot_be_imported_stops_the_start(install: Install, code: str) -> None:
    install("broken", code)
    with pytest.raises(ConfigurationError) as caught:
        discover_plugins(warn=pytest.fail)
    text = str(caught.value)
    assert text.startswith("plugin broken (broken) cannot be imported: ")
    assert text.endswith("Mend or uninstall it, or start with --skip-broken-plugins.")


def test_a_plugin_that_cannot_be_imported_can_be_left_out(install: Install) -> None:
    install("broken", "import nothing_of_this_name\n")
    install("sounding", "KNOWN = 1\n")
    warnings: list[str] = []
    found = dict(discover_plugins(skip_broken=True, warn=warnings.append))
    assert "sounding" in found
    assert "broken" not in found
    [warning] = [each for each in warnings if each.startswith("plugin broken ")]
    assert "nothing_of_this_name" in warning
