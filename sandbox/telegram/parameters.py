"""The parameters of a call, wherever they stand: query, form, JSON or multipart."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.telegram.errors import ApiError, bad_request

LARGEST_REQUEST = 50 * 1024 * 1024
"""Bytes. Source: Bot API, "Sending files": 50 MB for uploads."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime_type: str
    content: bytes


@dataclass(slots=True)
class Parameters:
    """Read leniently where Telegram is lenient: a number that is none counts as missing."""

    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The text, empty when it is missing."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """A whole number, or None."""
        try:
            return int(self.text(name))
        except ValueError:
            return None

    def flag(self, name: str) -> bool:
        """True for `true`, `yes` and `1`."""
        return self.text(name).lower() in ("true", "yes", "1")

    def structure(self, name: str, what: str) -> Any:
        """A JSON-serialized object or list, or None. Raises ApiError `can't parse … JSON object`."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad_request(f"can't parse {what} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """A file sent as the field itself, or under another field as `attach://<field>`."""
        reference = self.text(name)
        return self.files.get(reference.removeprefix("attach://") if reference else name)

    def loggable(self) -> dict[str, Any]:
        """The values, with a file as its name."""
        return self.values | {name: upload.name for name, upload in self.files.items()}


async def read(request: Request) -> Parameters:
    """Read the call's parameters. Raises ApiError 400 for a broken body, 413 for a large one."""
    parameters = Parameters(dict(request.query_params))
    if request.method != "POST":
        return parameters
    if int(request.headers.get("content-length") or 0) > LARGEST_REQUEST:
        raise ApiError(413, "Request Entity Too Large")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        body = await request.body()
        try:
            values = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError:
            values = None
        if not isinstance(values, dict):
            raise bad_request("can't parse JSON object")
        parameters.values |= values
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_part_size=LARGEST_REQUEST) as form:
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    parameters.files[name] = Upload(
                        value.filename or name,
                        value.content_type or "application/octet-stream",
                        await value.read(),
                    )
                else:
                    parameters.values[name] = value
    return parameters
