"""Cards of people and of the audit log, for those who run the service."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.erasing import Effect
from tracker.admin.models import AuditEntry, UserNote
from tracker.admin.people import Flag, Person
from tracker.admin.roles import Action, Actor, Role
from tracker.billing.models import Payment
from tracker.billing.plans import Plans
from tracker.money import Money
from tracker.telegram.billing_lines import date_of
from tracker.telegram.cards import Card, Rows, button, joined, title_of
from tracker.telegram.people_callbacks import (
    AuditButton,
    PeopleButton,
    PersonAction,
    PersonButton,
    SubscriptionAction,
    SubscriptionButton,
)
from tracker.texts import Language, clean
from tracker.users.models import User, UserState
from tracker.watches.service import WatchPage

_NAME = 40
_NOTE = 200
_DETAILS = 120

_FLAGS = {
    Flag.SUSPENDED: "person.flag_suspended",
    Flag.BLOCKED: "person.flag_blocked",
    Flag.GONE: "person.flag_gone",
    Flag.DELETED: "person.flag_deleted",
    Flag.DISPUTED: "person.flag_disputed",
    Flag.HELD: "person.flag_held",
    Flag.REFUNDED: "person.flag_refunded",
}


def name_of(user: User) -> str:
    """How a person is called in a line: by their name, and by their number when they have none."""
    return clean(user.first_name, limit=_NAME) or f"#{user.id}"


def people(
    language: Language, found: Sequence[User], now: datetime, *, query: str, further: int | None
) -> Card:
    """A line and a button each; `further` is the id before which the next page begins."""
    if not found:
        return Card(language("person.none"))
    lines = [language("person.heading"), Markup("")]
    lines += [
        language(
            "person.line",
            id=user.id,
            name=name_of(user),
            telegram_id=user.telegram_id,
            plan=user.plan,
            state=user.state,
            seen=language.ago(user.last_seen_at, now),
        )
        for user in found
    ]
    rows = in_pairs(
        [
            InlineKeyboardButton(
                text=f"{user.id} · {clean(user.first_name, limit=24)}",
                callback_data=PersonButton(action=PersonAction.SHOW, user_id=user.id).pack(),
            )
            for user in found
        ]
    )
    if further is not None:
        rows.append([button(language, "button.older", PeopleButton(before=further, query=query))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def person(
    language: Language,
    shown: Person,
    actor: Actor,
    plans: Plans,
    now: datetime,
    *,
    note: Markup | None = None,
) -> Card:
    """All of a person, and buttons for what the one who looks may do."""
    user = shown.user
    lines = [*([note, Markup("")] if note else []), _headline(language, user)]
    if shown.flags:
        flags = ", ".join(language.plain(_FLAGS[flag]) for flag in shown.flags)
        lines.append(language("person.flags", flags=flags))
    if user.state == UserState.SUSPENDED:
        lines.append(_suspension(language, user))
    if shown.role is not None:
        lines.append(language("person.role", role=shown.role))
    lines += [
        _plan_line(language, shown, plans),
        language(
            "person.watches",
            followed=language.number(shown.watches),
            kept=language.number(shown.kept_watches),
            alerts=language.number(shown.alerts),
        ),
        language(
            "person.seen",
            since=date_of(language, user.created_at),
            seen=language.ago(user.last_seen_at, now),
            locale=user.locale,
            time_zone=user.time_zone,
        ),
    ]
    if user.email and user.email_verified_at:
        lines.append(language("person.email", email=clean(user.email, limit=100)))
    if shown.paid:
        lines.append(language("person.paid", paid=", ".join(map(language.money, shown.paid))))
    lines += [_payment_line(language, payment) for payment in shown.payments]
    lines += [_note_line(language, each) for each in shown.notes]
    return Card(
        joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=_buttons(language, shown, actor))
    )


def roles(language: Language, user: User) -> Card:
    """Which role a person gets."""
    rows: Rows = [[_button(language, _ROLES[role], user, PersonAction.SET_ROLE, role)] for role in Role]
    rows.append([_button(language, "button.role_none", user, PersonAction.SET_ROLE)])
    rows.append([_button(language, "button.back", user, PersonAction.SHOW)])
    text = language("person.which_role", name=name_of(user), id=user.telegram_id)
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def confirm_delete(language: Language, effect: Effect) -> Card:
    """What deleting a person would do."""
    user = effect.user
    lines = [
        language("person.delete", name=name_of(user), id=user.telegram_id),
        language.count("person.delete_watches", effect.watches),
        language.count("person.delete_payments", effect.payments),
    ]
    if effect.is_paid_for:
        lines.append(language("person.delete_paid"))
    if effect.is_suspended:
        lines.append(language("person.delete_suspended"))
    rows = [
        [_button(language, "button.delete_sure", user, PersonAction.DELETE_SURE)],
        [_button(language, "button.back", user, PersonAction.SHOW)],
    ]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def sees(language: Language, user: User, page: WatchPage) -> Card:
    """A person's list as words alone, in their language: nothing here can be tapped for them."""
    theirs = Language.of(user)
    lines = [language("person.sees", name=name_of(user)), Markup("")]
    if page.total:
        lines.append(theirs.count("list.heading", page.total))
        for watch in page.watches:
            price = theirs.money(watch.listing.price) if watch.listing.price else theirs.plain("price.none")
            title = title_of(watch.listing, limit=60)
            lines.append(Markup("#{} {} — {} ({})").format(watch.number, title, price, watch.state))
    else:
        lines.append(theirs("list.empty"))
    back = _button(language, "button.back", user, PersonAction.SHOW)
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[[back]]))


def audit(language: Language, found: Sequence[AuditEntry], *, query: str, further: int | None) -> Card:
    """What was done, the newest first."""
    if not found:
        return Card(language("audit.none"))
    lines = [language("audit.heading"), Markup("")]
    lines += [
        language(
            "audit.line",
            when=language.time(entry.at),
            by=entry.by,
            role=entry.role,
            door=entry.door,
            action=entry.action,
            subject=clean(entry.subject or "", limit=80),
            details=clean(_told(entry.details), limit=_DETAILS),
        )
        for entry in found
    ]
    keyboard = None
    if further is not None:
        older = button(language, "button.older", AuditButton(before=further, query=query))
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[older]])
    return Card(joined(lines), keyboard=keyboard)


def in_pairs(buttons: list[InlineKeyboardButton]) -> Rows:
    return [buttons[start : start + 2] for start in range(0, len(buttons), 2)]


_ROLES = {
    Role.VIEWER: "button.role_viewer",
    Role.SUPPORT: "button.role_support",
    Role.OWNER: "button.role_owner",
}


def _told(details: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in details.items() if value not in (None, ""))


def _headline(language: Language, user: User) -> Markup:
    username = f"@{clean(user.username, limit=_NAME)}" if user.username else ""
    return language(
        "person.headline", name=name_of(user), username=username, telegram_id=user.telegram_id, id=user.id
    )


def _suspension(language: Language, user: User) -> Markup:
    reason = clean(user.suspended_because or "", limit=256)
    if user.suspended_until is None:
        return language("person.suspended_for_good", reason=reason)
    return language("person.suspended_until", until=language.time(user.suspended_until), reason=reason)


def _plan_line(language: Language, shown: Person, plans: Plans) -> Markup:
    name = plans[shown.user.plan].name
    held = shown.subscription
    if held is None or held.paid_until is None:
        return language("person.plan", plan=name)
    return language(
        "person.plan_until", plan=name, state=held.state, until=date_of(language, held.paid_until)
    )


def _payment_line(language: Language, payment: Payment) -> Markup:
    return language(
        "person.payment",
        amount=language.money(Money(payment.amount_minor, payment.currency)),
        state=payment.state,
        when=language.time(payment.created_at),
        provider_id=payment.provider_id,
    )


def _note_line(language: Language, note: UserNote) -> Markup:
    return language(
        "person.note", when=language.time(note.at), by=note.by, text=clean(note.text, limit=_NOTE)
    )


def _buttons(language: Language, shown: Person, actor: Actor) -> Rows:
    user = shown.user

    def may(action: Action, key: str, does: PersonAction) -> list[InlineKeyboardButton]:
        return [_button(language, key, user, does)] if actor.may(action) else []

    if user.telegram_id < 0:
        return [may(Action.SEE_PAYMENTS, "button.payments", PersonAction.PAYMENTS)]
    if user.state == UserState.SUSPENDED:
        first = may(Action.ACTIVATE_USER, "button.activate", PersonAction.ACTIVATE)
    else:
        first = may(Action.SUSPEND_USER, "button.suspend", PersonAction.SUSPEND)
    buttons = [
        *first,
        *may(Action.GIFT_DAYS, "button.gift", PersonAction.GIFT),
        *may(Action.WRITE_TO_USER, "button.write", PersonAction.WRITE),
        *may(Action.NOTE_USER, "button.note", PersonAction.NOTE),
        *may(Action.SEE_USERS, "button.sees", PersonAction.SEES),
        *may(Action.SEE_PAYMENTS, "button.payments", PersonAction.PAYMENTS),
    ]
    if shown.subscription is not None:
        of_theirs = SubscriptionButton(action=SubscriptionAction.SHOW, subscription_id=shown.subscription.id)
        buttons.append(button(language, "button.subscription", of_theirs))
    buttons.append(button(language, "button.log", AuditButton(before=0, query=f"user:{user.id}")))
    buttons += may(Action.CHANGE_ROLE, "button.role", PersonAction.ROLE)
    buttons += may(Action.DELETE_USER, "button.delete_person", PersonAction.DELETE)
    return in_pairs(buttons)


def _button(
    language: Language, key: str, user: User, action: PersonAction, value: str = ""
) -> InlineKeyboardButton:
    data: CallbackData = PersonButton(action=action, user_id=user.id, value=value)
    return button(language, key, data)
