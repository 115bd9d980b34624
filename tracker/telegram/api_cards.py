"""Tokens for the API: shown once, then listed, each with a button that ends it."""

from collections.abc import Sequence
from enum import StrEnum

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.sessions import SignIn, Tokens
from tracker.telegram.callbacks import RowId
from tracker.telegram.cards import Card, button, joined
from tracker.texts import Language
from tracker.users.models import ApiToken

_IN_A_ROW = 3


class TokenKind(StrEnum):
    SIGN_IN = "staff"
    OWN = "own"


class TokenButton(CallbackData, prefix="tk"):
    """Ends a sign-in of staff, or a person's own token."""

    kind: TokenKind
    id: RowId


def signed_in(language: Language, tokens: Tokens) -> Card:
    text = language(
        "api.signed_in",
        role=tokens.role,
        until=language.time(tokens.expires_at),
        access=tokens.access,
        refresh=tokens.refresh,
    )
    return Card(text)


def made(language: Language, token: str) -> Card:
    return Card(language("api.token_made", token=token))


def sign_ins(language: Language, found: Sequence[SignIn]) -> Card:
    if not found:
        return Card(language("api.no_sign_ins"))
    lines = [
        language(
            "api.sign_in",
            number=str(number),
            begun=language.time(each.begun_at),
            refreshed=language.time(each.refreshed_at),
            until=language.time(each.expires_at),
        )
        for number, each in enumerate(found, 1)
    ]
    return _listed(language, language("api.sign_ins"), lines, TokenKind.SIGN_IN, [each.id for each in found])


def tokens(language: Language, found: Sequence[ApiToken]) -> Card:
    if not found:
        return Card(language("api.no_tokens"))
    lines = [_token(language, number, each) for number, each in enumerate(found, 1)]
    return _listed(language, language("api.tokens"), lines, TokenKind.OWN, [each.id for each in found])


def _token(language: Language, number: int, token: ApiToken) -> Markup:
    made_at = language.time(token.created_at)
    if token.last_used_at is None:
        return language("api.token_unused", number=str(number), made=made_at)
    return language("api.token", number=str(number), made=made_at, used=language.time(token.last_used_at))


def _listed(
    language: Language, title: Markup, lines: Sequence[Markup], kind: TokenKind, ids: Sequence[int]
) -> Card:
    buttons = [
        button(language, "button.revoke", TokenButton(kind=kind, id=each), number=str(number))
        for number, each in enumerate(ids, 1)
    ]
    rows = [buttons[start : start + _IN_A_ROW] for start in range(0, len(buttons), _IN_A_ROW)]
    return Card(joined([title, *lines]), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))
