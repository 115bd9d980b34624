"""The part of the Compose specification that docker-compose.yml uses, as JSON Schema (draft 2020-12).

Closed on purpose: a key that the specification does not know under that name is a mistake in ours.
Source: https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "uniqueItems": True, "minItems": 1}
_WORDS = {"type": "array", "items": _TEXT, "minItems": 1}
_DURATION = {"type": "string", "pattern": r"^(\d+h)?(\d+m)?(\d+s)?$", "minLength": 2}
_SIZE = {"type": "string", "pattern": r"^\d+(b|k|m|g|kb|mb|gb)$"}
_ENVIRONMENT = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Z][A-Z0-9_]*$"},
    "additionalProperties": {"type": "string"},
}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "patternProperties": {"^[a-z][a-z0-9_-]*$": values},
        "additionalProperties": False,
        "minProperties": 1,
    }


_HEALTHCHECK = {
    "oneOf": [
        _closed({"disable": {"const": True}}, "disable"),
        _closed(
            {
                "test": _WORDS | {"prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}], "minItems": 2},
                "interval": _DURATION,
                "timeout": _DURATION,
                "start_period": _DURATION,
                "retries": {"type": "integer", "minimum": 1},
            },
            "test",
            "interval",
            "timeout",
            "retries",
        ),
    ]
}

_SERVICE = _closed(
    {
        "image": _TEXT,
        "build": _TEXT,
        "user": _TEXT,
        "init": {"type": "boolean"},
        "command": _WORDS,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "env_file": _TEXT,
        "environment": _ENVIRONMENT,
        "ports": _TEXTS,
        "volumes": _TEXTS,
        "tmpfs": _TEXTS,
        "read_only": {"type": "boolean"},
        "cap_drop": _TEXTS,
        "cap_add": _TEXTS,
        "security_opt": _TEXTS,
        "pids_limit": {"type": "integer", "minimum": 1},
        "mem_limit": _SIZE,
        "shm_size": _SIZE,
        "stop_grace_period": _DURATION,
        "networks": _TEXTS,
        "healthcheck": _HEALTHCHECK,
        "depends_on": _named(
            _closed(
                {
                    "condition": {
                        "enum": ["service_started", "service_healthy", "service_completed_successfully"]
                    }
                },
                "condition",
            )
        ),
        "logging": _closed(
            {"driver": _TEXT, "options": {"type": "object", "additionalProperties": {"type": "string"}}},
            "driver",
        ),
    },
    "image",
    "restart",
    "networks",
)

COMPOSE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "services": _named(_SERVICE),
        "networks": _named(_closed({"internal": {"type": "boolean"}})),
        "volumes": _named(_closed({})),
    },
    "patternProperties": {"^x-": {}},
    "required": ["name", "services", "networks", "volumes"],
    "additionalProperties": False,
}
