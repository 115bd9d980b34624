"""docker-compose.yml: its form, what it names, and what it must not let happen.

No Docker engine is needed; none of this proves that the images start.
"""

import re
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.deploy.compose_schema import COMPOSE
from tests.deploy.test_env_example import names_in_the_example
from tracker.config import Settings

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "docker-compose.yml").read_text("utf-8")
_FILE: dict[str, Any] = yaml.safe_load(_TEXT)
_SERVICES: dict[str, dict[str, Any]] = _FILE["services"]
_OURS = [name for name, service in _SERVICES.items() if service["image"] == "price-tracker-pro"]
_OF_OTHERS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "SERVER_NAME", "UPSTREAM"}

every_service = pytest.mark.parametrize("name", list(_SERVICES))


def _modules(words: list[str]) -> list[str]:
    return [after for word, after in pairwise(words) if word == "-m"]


def test_the_file_has_the_form_that_compose_reads() -> None:
    Draft202012Validator.check_schema(COMPOSE)

    problems = [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(COMPOSE).iter_errors(_FILE)
    ]

    assert problems == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": "x", "restart": "no", "networks": ["data"], "comand": ["x"]},
        {"image": "x", "restart": "sometimes", "networks": ["data"]},
        {"image": "x", "restart": "no", "networks": ["data"], "healthcheck": {"test": ["curl", "x"]}},
        {"image": "x", "restart": "no", "networks": ["data"], "environment": {"WEB_PORT": 8080}},
        {"image": "x", "restart": "no", "networks": ["data"], "depends_on": {"redis": {"condition": "up"}}},
    ],
    ids=["unknown key", "unknown restart", "no CMD", "number in the environment", "unknown condition"],
)
def test_the_form_refuses_what_compose_would_refuse(wrong: dict[str, Any]) -> None:
    file = _FILE | {"services": _SERVICES | {"wrong": wrong}}

    assert not Draft202012Validator(COMPOSE).is_valid(file)


def test_the_services_are_the_roles_and_what_they_stand_on() -> None:
    assert set(_OURS) == {"migrate", "bot", "worker", "webhooks"}
    assert set(_SERVICES) - set(_OURS) == {"postgres", "redis", "nginx"}


@pytest.mark.parametrize("name", ["bot", "worker", "webhooks"])
def test_a_role_starts_a_module_that_can_be_run(name: str) -> None:
    assert _SERVICES[name]["command"] == ["python", "-m", name]
    assert find_spec(f"{name}.__main__") is not None


@pytest.mark.parametrize("name", ["worker", "webhooks"])
def test_a_health_check_runs_a_module_that_exists(name: str) -> None:
    (module,) = _modules(_SERVICES[name]["healthcheck"]["test"])

    assert find_spec(module) is not None
    assert _SERVICES[name]["healthcheck"]["test"][-1] == name


def test_migrations_run_once_before_the_roles() -> None:
    assert _SERVICES["migrate"]["command"] == ["alembic", "upgrade", "head"]
    assert _SERVICES["migrate"]["restart"] == "on-failure"
    assert find_spec("alembic.__main__") is not None
    assert (_ROOT / "alembic.ini").exists()
    for name in ("bot", "worker", "webhooks"):
        assert _SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@every_service
def test_a_service_waits_only_for_services_that_can_say_they_are_well(name: str) -> None:
    for other, how in _SERVICES[name].get("depends_on", {}).items():
        assert other in _SERVICES
        if how["condition"] == "service_healthy":
            assert "test" in _SERVICES[other]["healthcheck"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert _SERVICES[other]["restart"] in {"no", "on-failure"}


@every_service
def test_a_service_can_write_only_where_it_must_and_gain_no_rights(name: str) -> None:
    service = _SERVICES[name]

    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_only_nginx_is_given_rights_and_a_port() -> None:
    assert [name for name, service in _SERVICES.items() if "ports" in service] == ["nginx"]
    assert [name for name, service in _SERVICES.items() if "cap_add" in service] == ["nginx"]


@every_service
def test_every_service_comes_back_and_bounds_its_log(name: str) -> None:
    service = _SERVICES[name]

    assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped")
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_storage_has_no_way_out_and_nginx_no_way_in() -> None:
    assert _FILE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "migrate"):
        assert _SERVICES[name]["networks"] == ["data"]
    assert _SERVICES["nginx"]["networks"] == ["front"]
    assert set(_SERVICES["webhooks"]["networks"]) == {"data", "front"}
    for name in ("bot", "worker"):
        assert set(_SERVICES[name]["networks"]) == {"data", "outside"}


@every_service
def test_networks_and_volumes_are_declared_and_mounted_files_exist(name: str) -> None:
    service = _SERVICES[name]

    assert set(service["networks"]) <= set(_FILE["networks"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert any((_ROOT / source).iterdir()), source
            assert volume.endswith(":ro")
        else:
            assert source in _FILE["volumes"]


def test_what_must_last_is_on_a_volume() -> None:
    assert _SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]
    assert _SERVICES["redis"]["volumes"] == ["redis:/data"]
    command = _SERVICES["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"


@every_service
def test_every_variable_is_a_setting_of_ours_or_of_a_known_image(name: str) -> None:
    settings = {field.upper() for field in Settings.model_fields}

    for variable in _SERVICES[name].get("environment", {}):
        assert variable in (settings if name in _OURS else _OF_OTHERS), variable


@every_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in _SERVICES[name].get("environment", {}).items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY", variable):
            assert value.startswith("${"), variable
        credentials = re.match(r"\w+://[^/]*?:([^@]*)@", value)
        assert credentials is None or credentials[1].startswith("${"), variable


def test_what_the_file_takes_from_the_operator_is_explained_in_the_example() -> None:
    taken = set(re.findall(r"\$\{([A-Z_]+)", _TEXT))

    assert taken == {"POSTGRES_PASSWORD", "SERVER_NAME", "HTTP_PORT"}
    assert taken <= names_in_the_example()
    assert _TEXT.count("${POSTGRES_PASSWORD:?") == _TEXT.count("${POSTGRES_PASSWORD")


@pytest.mark.parametrize("name", _OURS)
def test_a_role_reads_the_operators_settings_and_finds_its_storage(name: str) -> None:
    service = _SERVICES[name]

    assert service["env_file"] == ".env"
    assert "@postgres:5432/" in service["environment"]["DATABASE_URL"]
    assert service["environment"]["REDIS_URL"] == "redis://redis:6379/0"


def test_nginx_speaks_to_the_port_that_webhooks_listen_on() -> None:
    webhooks = _SERVICES["webhooks"]["environment"]

    assert webhooks["WEB_HOST"] == "0.0.0.0"
    assert _SERVICES["nginx"]["environment"]["UPSTREAM"] == f"webhooks:{webhooks['WEB_PORT']}"
    assert _SERVICES["nginx"]["volumes"] == ["./deploy/nginx:/etc/nginx/templates:ro"]


def test_prometheus_scrapes_the_port_that_webhooks_listen_on() -> None:
    config = yaml.safe_load((_ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))

    targets = [
        target
        for job in config["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    ]
    assert targets == [f"webhooks:{_SERVICES['webhooks']['environment']['WEB_PORT']}"]
