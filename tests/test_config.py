"""Settings as an operator writes them."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import MakeSettings
from tracker.config import DEFAULT_DATABASE, Settings


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://app:p@db:5432/x", "postgresql+asyncpg://app:p@db:5432/x"),
        ("postgres://app@db/x", "postgresql+asyncpg://app@db/x"),
        ("postgresql+asyncpg://db/x", "postgresql+asyncpg://db/x"),
        ("sqlite:///var/x.sqlite3", "sqlite+aiosqlite:///var/x.sqlite3"),
    ],
)
def test_a_usual_database_address_gets_the_driver_that_we_use(
    settings: MakeSettings, given: str, used: str
) -> None:
    assert settings(database_url=given).database_url == used


def test_what_is_no_database_address_is_refused_without_repeating_it(settings: MakeSettings) -> None:
    with pytest.raises(ValidationError, match="not a database address") as refusal:
        settings(database_url="hunter2")
    assert "hunter2" not in str(refusal.value)


def test_the_environment_is_read(settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_IDS", "1001, 1002,")
    monkeypatch.setenv("RAZORPAY_WEBHOOK_SECRET", "current, previous,")
    monkeypatch.setenv("FETCH_ALLOW_PRIVATE", "127.0.0.1:8088")
    monkeypatch.setenv("CHECK_INTERVAL_SECONDS", "90")
    read = Settings(_env_file=None)
    assert read.admin_ids == {1001, 1002}
    assert [secret.get_secret_value() for secret in read.razorpay_webhook_secret] == ["current", "previous"]
    assert read.fetch_allow_private == {"127.0.0.1:8088"}
    assert read.check_interval == timedelta(seconds=90)


def test_without_any_setting_it_is_one_process_on_one_machine(settings: MakeSettings) -> None:
    read = Settings(_env_file=None)
    assert read.database_url == DEFAULT_DATABASE
    assert (read.redis_url, read.public_url, read.bot_token) == (None, None, None)
    assert read.razorpay_webhook_secret == []
    assert read.web_host == "127.0.0.1"


@pytest.mark.parametrize("name", ["BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "PUBLIC_URL", "REDIS_URL"])
def test_an_empty_setting_is_an_unset_one(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "")
    assert getattr(Settings(_env_file=None), name.lower()) is None


def test_an_empty_webhook_secret_is_none_at_all(settings: MakeSettings) -> None:
    assert settings(razorpay_webhook_secret=" , ").razorpay_webhook_secret == []


def test_secrets_are_not_in_what_settings_print(settings: MakeSettings) -> None:
    read = settings(
        bot_token="1:hunter2", razorpay_webhook_secret="hunter2", telegram_webhook_secret="hunter2"
    )
    assert "hunter2" not in repr(read) + str(read) + str(read.model_dump())


@pytest.mark.parametrize("value", [0, -1, 0.5])
def test_an_interval_below_a_second_is_refused(settings: MakeSettings, value: float) -> None:
    with pytest.raises(ValidationError):
        settings(check_interval_seconds=value)


@pytest.mark.parametrize("bands", [{"reject_below": 0.6}, {"reject_above": 2.5}])
def test_bands_that_reject_what_they_would_hold_are_refused(
    settings: MakeSettings, bands: dict[str, float]
) -> None:
    with pytest.raises(ValidationError, match="REJECT_BELOW must be below HOLD_BELOW"):
        settings(**bands)
    assert settings(reject_below=0.59, reject_above=2.6).hold_below == 0.6


def test_the_folder_of_an_embedded_database_is_made(settings: MakeSettings, tmp_path: Path) -> None:
    settings(database_url=f"sqlite:///{tmp_path}/var/deep/x.sqlite3?cache=shared").make_folders()
    assert (tmp_path / "var" / "deep").is_dir()


@pytest.mark.parametrize("url", ["postgresql://db/x", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_need_no_folder(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    settings(database_url=url).make_folders()
    assert list(tmp_path.iterdir()) == []


def test_a_secret_of_the_api_is_long(settings: MakeSettings) -> None:
    with pytest.raises(ValidationError, match="API_SECRET takes at least 32 characters") as refusal:
        settings(api_secret="hunter2" * 4)
    assert "hunter2" not in str(refusal.value)
    assert settings(api_secret="x" * 32).api_secret is not None
    assert settings(api_secret="").api_secret is None


def test_proxies_are_addresses_or_networks(settings: MakeSettings) -> None:
    assert [str(each) for each in settings(trusted_proxies="10.0.0.0/8, ::1").trusted_proxies] == [
        "10.0.0.0/8",
        "::1/128",
    ]
    with pytest.raises(ValidationError):
        settings(trusted_proxies="nginx")
