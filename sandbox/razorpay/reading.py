"""What a request asks for: the values of a JSON body or a query, refused as Razorpay refuses them."""

from collections.abc import Mapping
from typing import Any

from sandbox.razorpay.errors import ApiError, invalid
from sandbox.razorpay.state import AddOn, Json, Notes

_LARGEST_AMOUNT = 10**12
_MOST_NOTES = 15


def amount(body: Json, *, name: str = "amount", least: int = 100) -> int:
    """Minor units."""
    value = body.get(name)
    if value is None:
        raise invalid(f"The {name} field is required.", name)
    if type(value) is not int:
        raise invalid(f"The {name} must be an integer.", name)
    if value < least:
        raise invalid("The amount must be at least INR 1.00", name)
    if value > _LARGEST_AMOUNT:
        raise invalid("Amount exceeds maximum amount allowed.", name)
    return value


def currency(body: Json) -> str:
    value = body.get("currency", "INR")
    if not isinstance(value, str) or len(value) != 3 or not value.isalpha() or not value.isupper():
        raise invalid("Currency is not supported", "currency")
    return value


def text(body: Json, name: str, *, longest: int, required: bool = False) -> str:
    value = body.get(name)
    if value is None or value == "":
        if required:
            raise invalid(f"The {name} field is required.", name)
        return ""
    if not isinstance(value, str):
        raise invalid(f"The {name} must be a string.", name)
    if len(value) > longest:
        raise invalid(f"{name}: the length must not be greater than {longest}.", name)
    return value


def flag(body: Json, name: str, *, default: bool = False) -> bool:
    """Razorpay's own examples write true and 1."""
    value = body.get(name, default)
    if value not in (True, False):
        raise invalid(f"The {name} field must be true or false.", name)
    return bool(value)


def moment(body: Json, name: str) -> int | None:
    """Unix seconds."""
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < 10**11:
        raise invalid(f"{name} must be a valid timestamp.", name)
    return value or None


def notes(body: Json, *, longest: int = 256) -> Notes:
    value = body.get("notes") or {}
    if not isinstance(value, dict):
        raise invalid("The notes must be an array.", "notes")
    if len(value) > _MOST_NOTES:
        raise invalid("Number of fields in notes should be less than or equal to 15", "notes")
    for each in value.values():
        if isinstance(each, dict | list):
            raise invalid("notes values must not be arrays.", "notes")
        if len(str(each)) > longest:
            raise invalid(f"value: the length must not be greater than {longest}.", "notes")
    return {name: str(each) for name, each in value.items()}


def whole(body: Json, name: str, *, default: int | None = None, least: int = 1, most: int = 10**6) -> int:
    value = body.get(name, default)
    if value is None:
        raise invalid(f"The {name} field is required.", name)
    if type(value) is not int:
        raise invalid(f"The {name} must be an integer.", name)
    if value < least:
        raise invalid(f"The {name} must be at least {least}.", name)
    if value > most:
        raise invalid(f"The {name} may not be greater than {most}.", name)
    return value


def addons(body: Json) -> list[AddOn]:
    value = body.get("addons") or []
    if not isinstance(value, list):
        raise invalid("The addons must be an array.", "addons")
    return [_addon(each) for each in value]


def _addon(value: Any) -> AddOn:
    item = value.get("item") if isinstance(value, dict) else None
    if not isinstance(item, dict):
        raise invalid("The item field is required.", "addons")
    return AddOn(text(item, "name", longest=255, required=True), amount(item), currency(item))


def page(query: Mapping[str, str]) -> tuple[int, int, int, int]:
    """`from`, `to`, `count` (10 unless told, at most 100) and `skip` of a listing."""

    def number(name: str, default: int, most: int) -> int:
        given = query.get(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdecimal() and len(given) < 20):
            raise ApiError(f"The {name} must be an integer.", field=name)
        if int(given) > most:
            raise ApiError(f"The {name} may not be greater than {most}.", field=name)
        return int(given)

    return (
        number("from", 0, 10**11),
        number("to", 10**11, 10**11),
        number("count", 10, 100),
        number("skip", 0, 10**9),
    )
