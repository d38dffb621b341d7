"""Settings: every mistake is named with file, key and remedy, and no secret is ever repeated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ztoe_hub.errors import ConfigurationError
from ztoe_hub.settings import Settings
from ztoe_hub.settings_file import load_settings
from ztoe_hub.testing.hubs import FAKE_INSTANCES, FakePlugin, hub_with

SECRET = "s3cret-" * 6
HUB = f'[hub]\nsecret_key = "{SECRET}"\n'


def load(folder: Path, text: str = HUB, environ: Mapping[str, str] | None = None) -> Settings:
    file = folder / "ztoe-hub.toml"
    file.write_text(text, "utf-8")
    return load_settings(file, environ or {})


def complaint(folder: Path, text: str = HUB, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, environ)
    return str(caught.value)


def test_a_secret_key_is_all_that_is_needed(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.hub.secret_key.get_secret_value() == SECRET
    assert settings.cabinet.port == 8000


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml does not exist.*ztoe-hub init"):
        load_settings(tmp_path / "nowhere.toml", {})


@pytest.mark.parametrize("text", ["[hub\n", "a = \n", "[hub]\nx = 1\nx = 2\n"])
def test_what_is_no_toml_names_the_file(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text).startswith(f"{tmp_path / 'ztoe-hub.toml'} is not valid TOML")


def test_a_file_of_another_encoding_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "ztoe-hub.toml").write_bytes("# Кабінет".encode("cp1251"))
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load_settings(tmp_path / "ztoe-hub.toml", {})


def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    text = complaint(tmp_path, f"{HUB}[cabinet]\nidle_minuts = 5\n")
    assert (
        text == f"{tmp_path / 'ztoe-hub.toml'}: cabinet.idle_minuts: unknown key; did you mean idle_minutes?"
    )


def test_an_unknown_key_like_no_other_lists_those_that_are_known(tmp_path: Path) -> None:
    text = complaint(tmp_path, f"{HUB}[cabinet]\nxyz = 5\n")
    assert "cabinet.xyz: unknown key; known are host, idle_minutes, login_attempts" in text


@pytest.mark.parametrize(
    ("written", "meant"), [("signng", "signing"), ("bilings", "billing"), ("routs", "routes")]
)
def test_a_misspelt_table_is_named_with_the_one_that_was_meant(
    tmp_path: Path, written: str, meant: str
) -> None:
    text = complaint(tmp_path, f'{HUB}[{written}.main]\ntype = "fake"\n')
    assert f"{written}: unknown key; did you mean {meant}?" in text


@pytest.mark.parametrize("text", ["", "[hub]\n"])
def test_a_missing_secret_names_file_key_remedy_and_variable(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text) == (
        f"{tmp_path / 'ztoe-hub.toml'}: hub.secret_key: missing; set it, or name a file with secret_key_file, "
        "or set ZTOE_HUB__HUB__SECRET_KEY"
    )


def test_a_secret_can_come_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    settings = load(tmp_path, '[hub]\nsecret_key_file = "key"\n')
    assert settings.hub.secret_key.get_secret_value() == SECRET


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    text = complaint(tmp_path, '[hub]\nsecret_key_file = "gone"\n')
    assert f"hub.secret_key_file: {tmp_path / 'gone'} cannot be read (FileNotFoundError)" in text


def test_a_secret_and_a_file_of_it_are_one_too_many(tmp_path: Path) -> None:
    text = complaint(tmp_path, f'{HUB}secret_key_file = "key"\n')
    assert "hub.secret_key and hub.secret_key_file are both set; keep one" in text
    assert SECRET not in text


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    environ = {"ZTOE_HUB__CABINET__PORT": "9000", "ZTOE_HUB__HUB__UTILITY__UK": "АТ «Інша»", "OTHER": "x"}
    settings = load(tmp_path, f'{HUB}utility = {{ uk = "АТ", en = "JSC" }}\n[cabinet]\nport = 1\n', environ)
    assert settings.cabinet.port == 9000
    assert (settings.hub.utility.uk, settings.hub.utility.en) == ("АТ «Інша»", "JSC")


def test_the_environment_reaches_nested_instances_and_makes_new_ones(tmp_path: Path) -> None:
    environ = {
        "ZTOE_HUB__SIGNING__MAIN__CLIENT_ID": "from outside",
        "ZTOE_HUB__SIGNING__MAIN__HTTP__RATE_PER_S": "5",
        "ZTOE_HUB__BILLING__NEW_ONE__TYPE": "fake",
    }
    settings = load(tmp_path, f'{HUB}[signing.main]\ntype = "fake"\nclient_id = "inside"\n', environ)
    first, second = settings.instances
    assert first.options == {"client_id": "from outside"}
    assert first.http == {"rate_per_s": "5"}
    assert (second.kind, second.name, second.type) == ("billing", "new_one", "fake")


def test_lists_and_tables_are_given_as_json(tmp_path: Path) -> None:
    environ = {
        "ZTOE_HUB__ORDERS__VOLTAGE_CLASSES_KV": '["0.4", "10"]',
        "ZTOE_HUB__ROUTES__SIGNING": '[{"service": "main", "origin": "application"}]',
        "ZTOE_HUB__HUB__UTILITY": '{"uk": "АТ", "en": "JSC"}',
    }
    settings = load(tmp_path, HUB, environ)
    assert settings.orders.voltage_classes_kv == ("0.4", "10")
    assert settings.routes.signing[0].service == "main"
    assert settings.hub.utility.en == "JSC"


@pytest.mark.parametrize("password", ["[not json", "{neither", "12345678", "true", "null", " x "])
def test_a_password_from_the_environment_stays_as_it_is(tmp_path: Path, password: str) -> None:
    environ = {"ZTOE_HUB__NOTIFICATIONS__MAIL__PASSWORD": password}
    [mail] = load(tmp_path, f'{HUB}[notifications.mail]\ntype = "email"\n', environ).instances
    assert mail.options == {"password": password}


def test_a_variable_that_leads_through_a_value_is_named(tmp_path: Path) -> None:
    text = complaint(tmp_path, HUB, {"ZTOE_HUB__HUB__SECRET_KEY__DEEPER": "x"})
    assert text == "ZTOE_HUB__HUB__SECRET_KEY__DEEPER: secret_key is not a table of the settings"


@pytest.mark.parametrize("name", ["Main", "1st", "own-kep", "київ", "x" * 41])
def test_an_instances_name_is_plain(tmp_path: Path, name: str) -> None:
    text = complaint(tmp_path, f'{HUB}[signing."{name}"]\ntype = "fake"\n')
    assert f"signing.{name}.name" in text


def test_an_instance_needs_a_type(tmp_path: Path) -> None:
    assert "signing.main.type: missing" in complaint(tmp_path, f"{HUB}[signing.main]\n")


def test_an_instance_is_a_table(tmp_path: Path) -> None:
    text = complaint(tmp_path, f'{HUB}[signing]\nmain = "paperless"\n')
    assert 'signing: instances are tables: [signing.NAME] with type = "…"' in text


def test_a_title_may_be_one_text_or_two(tmp_path: Path) -> None:
    one = '[signing.a]\ntype = "x"\ntitle = "Paperless"\n[signing.b]\ntype = "x"\ntitle = {uk = "Б", en = "B"}\n'
    first, second, third = load(tmp_path, f'{HUB}{one}[signing.c]\ntype = "x"\n').instances
    assert (first.title.uk, first.title.en) == ("Paperless", "Paperless")
    assert (second.title.uk, second.title.en) == ("Б", "B")
    assert (third.title.uk, third.title.en) == ("c", "c")


def test_two_services_of_one_code_are_refused(tmp_path: Path) -> None:
    service = '[[services]]\ncode = "a"\ntitle = {uk = "А", en = "A"}\nrequest = "Прошу."\n'
    assert "services: Value error, two services have one code" in complaint(tmp_path, HUB + service * 2)


def test_relative_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    settings = load(tmp_path, f'{HUB}files = "kept"\ndatabase = "sqlite:///data/hub.sqlite"\n')
    assert settings.hub.files == tmp_path / "kept"
    assert settings.hub.database == f"sqlite:///{tmp_path}/data/hub.sqlite"


def test_the_usual_places_are_beside_the_settings_file(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.hub.files == tmp_path / "files"
    assert settings.hub.database == f"sqlite:///{tmp_path}/ztoe-hub.sqlite"


def test_absolute_paths_and_other_databases_stay(tmp_path: Path) -> None:
    settings = load(tmp_path, f'{HUB}files = "/srv/files"\ndatabase = "postgresql+psycopg://hub@db/hub"\n')
    assert settings.hub.files == Path("/srv/files")
    assert settings.hub.database == "postgresql+psycopg://hub@db/hub"


SECRETS = f"""
[hub]
secret_key = "{SECRET}"
database = "postgresql://hub:{SECRET}@db/hub"
[signing.main]
type = "fake"
client_secret = "{SECRET}"
http = {{ proxy = "http://user:{SECRET}@proxy:3128" }}
"""


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    settings = load(tmp_path, SECRETS)
    for shown in (repr(settings), str(settings), repr(settings.hub), repr(settings.instances)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "text",
    [
        f'{HUB}colour = "{SECRET}"\n',
        f'[hub]\nsecret_key = "{SECRET}"\nfiles = 7\n[cabinet]\nport = "{SECRET}"\n',
        f'[hub]\nsecret_key = ["{SECRET}"]\n',
        f'{HUB}[work]\nthreads = "{SECRET}"\n',
        '[hub]\nsecret_key = "short-s3cret-"\n',
    ],
)
def test_values_are_in_no_error_text(tmp_path: Path, text: str) -> None:
    assert "s3cret-" not in complaint(tmp_path, text)


def test_a_plugins_options_are_in_no_error_text(tmp_path: Path) -> None:
    text = FAKE_INSTANCES.replace(
        '[notifications.mail]\ntype = "fake"', f'[notifications.mail]\ntype = "fake"\npassword = "{SECRET}"'
    )
    with pytest.raises(ConfigurationError) as caught:
        hub_with(FakePlugin(), folder=tmp_path, settings_text=text)
    assert "notifications.mail.password: unknown key" in str(caught.value)
    assert SECRET not in str(caught.value)
