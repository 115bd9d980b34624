"""Settings, read once from the environment (and `.env`) and passed down."""

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_DATABASE = "sqlite+aiosqlite:///var/price-tracker.sqlite3"
_API_SECRET = 32
"""Characters: HS256 asks for a key as long as its digest (RFC 7518, 3.2)."""
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,100}")
_PROXY = re.compile(r"http://(?:[!-.0-9:;=A-~]+@)?(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}/?")
_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


class Settings(BaseSettings):
    """Every setting of the service; `.env.example` explains each for an operator."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", hide_input_in_errors=True)

    bot_token: SecretStr | None = None
    telegram_api_base: str = "https://api.telegram.org"
    telegram_webhook_secret: SecretStr | None = None
    public_url: str | None = None

    database_url: str = DEFAULT_DATABASE
    redis_url: str | None = None

    plans_file: str | None = None
    payment_providers: Annotated[tuple[Literal["razorpay", "stars"], ...], NoDecode] = ("razorpay",)
    payment_minutes: int = Field(default=60, ge=30, le=1440)
    razorpay_key_id: str | None = None
    razorpay_key_secret: SecretStr | None = None
    razorpay_api_base: str = "https://api.razorpay.com"
    razorpay_webhook_secret: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)

    smtp_url: SecretStr | None = None
    mail_from: str | None = None

    seller_name: str = "Price Tracker Pro"
    seller_address: str = ""
    seller_state: str | None = None
    seller_gstin: str | None = None
    seller_sac: str = Field(default="998314", pattern=r"^\d{4,8}$")
    gst_percent: int = Field(default=18, ge=0, le=40)

    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    api_secret: SecretStr | None = None
    trusted_proxies: Annotated[tuple[IPNetwork, ...], NoDecode] = ()

    fetch_replay_origin: str | None = None
    fetch_allow_private: Annotated[frozenset[str], NoDecode] = frozenset()
    fetch_proxy_url: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)
    fetch_ways: Annotated[frozenset[Literal["impersonate", "browser"]], NoDecode] = frozenset()
    fetch_browser_path: str | None = None
    fetch_robots: bool = False

    fetch_store_at_once: int | None = Field(default=None, ge=1, le=1000)
    fetch_rest_seconds: float = Field(default=3600, ge=1, le=86_400)
    fetch_store_gap_seconds: float | None = Field(default=None, ge=0, le=3600)

    check_interval_seconds: float | None = Field(default=None, ge=1)
    check_lease_seconds: float = Field(default=60, ge=2)
    hold_below: float = Field(default=0.6, gt=0, lt=1)
    hold_above: float = Field(default=2.5, gt=1)
    reject_below: float = Field(default=0.02, ge=0, lt=1)
    reject_above: float = Field(default=20, gt=1)
    hold_reads: int = Field(default=3, ge=1, le=10)
    hold_agree: float = Field(default=0.02, ge=0, le=0.5)
    hold_recheck_seconds: float = Field(default=120, ge=1)
    alert_lease_seconds: float = Field(default=30, ge=2)
    sweep_seconds: float = Field(default=1, gt=0, le=30)
    telegram_messages_per_second: float = Field(default=25, gt=0)
    telegram_messages_per_second_per_chat: float = Field(default=1, gt=0)
    telegram_messages_per_minute_per_group: float = Field(default=18, gt=0)
    reader_processes: int = Field(default=1, ge=1, le=16)

    alarm_disk_percent: float = Field(default=10, ge=0, le=90)
    backup_path: str | None = None

    log_level: str = "INFO"
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if not separator:
            raise ValueError("DATABASE_URL is not a database address")
        driver = _DRIVERS.get(scheme, scheme)
        if driver not in _DRIVERS.values():
            raise ValueError("the database is PostgreSQL (postgresql://) or SQLite (sqlite:///)")
        return f"{driver}://{rest}"

    @field_validator("razorpay_webhook_secret", "fetch_proxy_url", mode="before")
    @classmethod
    def _secrets(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator(
        "admin_ids",
        "fetch_allow_private",
        "fetch_ways",
        "payment_providers",
        "trusted_proxies",
        mode="before",
    )
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator(
        "api_secret",
        "bot_token",
        "telegram_webhook_secret",
        "public_url",
        "redis_url",
        "fetch_replay_origin",
        "fetch_browser_path",
        "fetch_store_at_once",
        "fetch_store_gap_seconds",
        "check_interval_seconds",
        "plans_file",
        "smtp_url",
        "mail_from",
        "backup_path",
        "razorpay_key_id",
        "razorpay_key_secret",
        "seller_state",
        "seller_gstin",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("redis_url")
    @classmethod
    def _looks_like_redis(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("a Redis address looks like redis://host:6379/0")
        return url

    @field_validator("bot_token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("a token of @BotFather looks like 123456789:AAExample_of-letters")
        return token

    @field_validator("api_secret")
    @classmethod
    def _is_long(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value()) < _API_SECRET:
            raise ValueError(f"API_SECRET takes at least {_API_SECRET} characters: openssl rand -hex 32")
        return secret

    @field_validator("fetch_proxy_url")
    @classmethod
    def _look_like_proxies(cls, urls: list[SecretStr]) -> list[SecretStr]:
        if not all(_PROXY.fullmatch(url.get_secret_value()) for url in urls):
            raise ValueError("a proxy looks like http://user:password@host:3128")
        return urls

    @model_validator(mode="after")
    def _webhook_mode_has_its_secret(self) -> "Settings":
        if self.public_url and self.telegram_webhook_secret is None:
            raise ValueError(
                "TELEGRAM_WEBHOOK_SECRET is needed with PUBLIC_URL: any long random word will do"
            )
        return self

    @model_validator(mode="after")
    def _bands_lie_within_each_other(self) -> "Settings":
        if not (self.reject_below < self.hold_below and self.hold_above < self.reject_above):
            raise ValueError("REJECT_BELOW must be below HOLD_BELOW, and REJECT_ABOVE above HOLD_ABOVE")
        return self

    @property
    def check_interval(self) -> timedelta | None:
        """For every listing alike; None is as often as those who watch it are promised."""
        seconds = self.check_interval_seconds
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def check_lease(self) -> timedelta:
        return timedelta(seconds=self.check_lease_seconds)

    @property
    def alert_lease(self) -> timedelta:
        return timedelta(seconds=self.alert_lease_seconds)

    def make_folders(self) -> None:
        """Create the folder of an embedded database file."""
        scheme, _, path = self.database_url.partition("///")
        if scheme.startswith("sqlite") and path and not path.startswith(":memory:"):
            Path(path.partition("?")[0]).parent.mkdir(parents=True, exist_ok=True)


def explain(error: ValidationError) -> str:
    """What is wrong with the settings, a sentence each, without their values."""
    return " ".join(
        f"{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}.".removeprefix(": ")
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )
