"""The message that the whole product is for: what it costs now, what it cost, and why it is said.

One alert is a card with buttons; several that waited are one digest.
"""

from collections.abc import Sequence
from datetime import date

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.alerts import owing
from tracker.alerts.models import Alert
from tracker.alerts.rules import Reason
from tracker.alerts.service import Parcel, Told
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.stores.registry import store_of
from tracker.telegram.callbacks import CorrectionAction, CorrectionButton, Place, WatchAction, WatchButton
from tracker.telegram.cards import Card, button, joined, link_to, open_button, photo_of, title_of
from tracker.texts import Language, clean
from tracker.watches.models import Reference, RuleKind, Watch, WatchState

_DIGEST_BUTTONS = 8

_SIGNS = {
    RuleKind.BACK_IN_STOCK: "📦 ",
    RuleKind.OUT_OF_STOCK: "🚫 ",
    owing.CORRECTED: "⚠️ ",
}


def message(language: Language, parcel: Parcel) -> Card:
    """What is said in a chat at one time: an alert, or a digest of several."""
    if len(parcel.told) > 1:
        return digest(language, parcel.told)
    return alert(language, parcel.told[0])


def alert(language: Language, told: Told, *, note: Markup | None = None) -> Card:
    """One alert. `note` stands at its end: what a look at the page has shown since."""
    listing, said = told.listing, told.alert
    lines = [link_to(listing, _sign(said)), *_price_lines(language, said)]
    lines += [sentence(language, reason, said) for reason in said.reasons if _says_more(reason, said)]
    if told.observation.availability == Availability.OUT_OF_STOCK and not _is(said, RuleKind.OUT_OF_STOCK):
        lines.append(language("price.out_of_stock"))
    store = store_of(listing.url).name
    when = language.time(said.observed_at)
    seller = clean(told.observation.seller or "", limit=60)
    if seller and seller.lower() != store.lower():
        lines.append(language("alert.source_and_seller", store=store, seller=seller, when=when))
    else:
        lines.append(language("alert.source", store=store, when=when))
    if note:
        lines += [Markup(""), note]
    wants_photo = told.preferences is None or told.preferences.has_photos
    photo = photo_of(listing) if wants_photo else None
    return Card(joined(lines), photo, alert_buttons(language, told.watch))


def digest(language: Language, told: Sequence[Told]) -> Card:
    """Several alerts in one message: a line for each watch, however often its price moved meanwhile."""
    by_watch: dict[int, list[Told]] = {}
    for one in told:
        by_watch.setdefault(one.watch.id, []).append(one)
    lines = [language.count("digest.heading", len(by_watch)), Markup("")]
    lines += [_digest_line(language, together) for together in by_watch.values()]
    shown = [together[0].watch for together in by_watch.values()][:_DIGEST_BUTTONS]
    buttons = [_details(watch) for watch in shown]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def alert_buttons(language: Language, watch: Watch) -> InlineKeyboardMarkup:
    """What can be done about an alert, as the watch stands now."""

    def action(key: str, what: WatchAction) -> InlineKeyboardButton:
        return button(language, key, WatchButton(action=what, watch_id=watch.id, place=Place.ALERT))

    details = action("button.details", WatchAction.CARD)
    rows = [[open_button(language, watch.listing)]]
    if watch.state in (WatchState.STOPPED, WatchState.BOUGHT):
        rows.append([action("button.undo", WatchAction.RESUME), details])
        return InlineKeyboardMarkup(inline_keyboard=rows)
    rows[0].append(action("button.still", WatchAction.STILL))
    if watch.state == WatchState.ACTIVE:
        rows.append([action("button.pause", WatchAction.PAUSE), action("button.snooze", WatchAction.SNOOZE)])
    else:
        rows.append([action("button.resume", WatchAction.RESUME)])
    wrong = CorrectionButton(action=CorrectionAction.WRONG, id=watch.id)
    rows += [
        [action("button.new_target", WatchAction.SET_TARGET), action("button.bought", WatchAction.BOUGHT)],
        [button(language, "button.wrong_price", wrong), action("button.stop", WatchAction.STOP)],
        [details],
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def sentence(language: Language, reason: Reason, said: Alert) -> Markup:
    """Why an alert is said, in one sentence."""

    def money(name: str) -> str:
        assert said.currency is not None
        return language.money(Money(reason[name], said.currency))

    match reason["kind"]:
        case RuleKind.TARGET:
            said_so = language("reason.target", target=money("target_minor"))
        case RuleKind.DROP_BY:
            said_so = _drop_sentence(language, reason, said)
        case RuleKind.LOWEST:
            said_so = _lowest_sentence(language, reason)
        case RuleKind.ANY_DROP | RuleKind.ANY_CHANGE if "reference_minor" in reason:
            said_so = language("reason.since_told", reference=money("reference_minor"))
        case owing.SNOOZE_OVER:
            said_so = language("reason.snooze_over", below=money("below_minor"))
        case owing.CORRECTED:
            said_so = language("reason.corrected", wrong=money("wrong_minor"))
        case kind:
            said_so = language(_PLAIN_REASONS[kind])
    return said_so


_PLAIN_REASONS = {
    RuleKind.ANY_DROP: "reason.any_drop",
    RuleKind.ANY_CHANGE: "reason.any_change",
    RuleKind.RISE: "reason.rise",
    RuleKind.BACK_IN_STOCK: "reason.back_in_stock",
    RuleKind.OUT_OF_STOCK: "reason.out_of_stock",
}

_DROP_REASONS = {
    Reference.ADDED: "reason.drop_added",
    Reference.LAST_ALERT: "reason.drop_last_alert",
    Reference.MEDIAN: "reason.drop_median",
    Reference.HIGHEST: "reason.drop_highest",
}


def _drop_sentence(language: Language, reason: Reason, said: Alert) -> Markup:
    assert said.now is not None
    reference = Money(reason["reference_minor"], said.now.currency)
    change = language.change(reference, said.now)
    key = _DROP_REASONS[Reference(reason["reference"])]
    return language(key, change=change, reference=language.money(reference))


def _lowest_sentence(language: Language, reason: Reason) -> Markup:
    since = language.calendar_day(date.fromisoformat(reason["since"]))
    if reason["days"] is None:
        return language("reason.lowest_ever", since=since)
    return language("reason.lowest_days", days=language.number(reason["days"]), since=since)


def _sign(said: Alert) -> str:
    kinds = [reason["kind"] for reason in said.reasons]
    special = next((_SIGNS[kind] for kind in kinds if kind in _SIGNS), None)
    if special:
        return special
    if said.before and said.now and said.before < said.now:
        return "📈 "
    return "📉 "


def _price_lines(language: Language, said: Alert) -> list[Markup]:
    if said.now is None:
        return []
    now = language.money(said.now)
    if said.before is None or said.before == said.now:
        return [language("price.now", price=now)]
    before, change = language.money(said.before), language.change(said.before, said.now)
    return [language("alert.price", now=now, before=before, change=change)]


def _is(said: Alert, kind: str) -> bool:
    return any(reason["kind"] == kind for reason in said.reasons)


def _says_more(reason: Reason, said: Alert) -> bool:
    """Of several reasons, the plain ones say nothing that the price does not."""
    plain = reason["kind"] in (RuleKind.ANY_DROP, RuleKind.ANY_CHANGE, RuleKind.RISE)
    return not (plain and "reference_minor" not in reason and len(said.reasons) > 1)


def _digest_line(language: Language, together: Sequence[Told]) -> Markup:
    first, last = together[0], together[-1]
    before, now = first.alert.before, last.alert.now
    sign = _sign(last.alert)
    title = Markup('{}<a href="{}">{}</a>').format(sign, last.listing.url, title_of(last.listing, limit=60))
    if _is(last.alert, owing.CORRECTED):
        return _corrected_line(language, title, last.alert)
    if now is None:
        return language("digest.sold_out", title=title)
    if before is None or before.currency != now.currency:
        line = language("digest.now", title=title, now=language.money(now))
    elif before == now and len(together) > 1:
        prices = [one.alert.now for one in together if one.alert.now]
        line = language(
            "digest.went_and_came", title=title, lowest=language.money(min(prices)), now=language.money(now)
        )
    elif before == now:
        line = language("digest.now", title=title, now=language.money(now))
    else:
        line = language(
            "digest.price", title=title, now=language.money(now), change=language.change(before, now)
        )
    current = last.listing.price
    if current and current.currency == now.currency and current != now:
        line += Markup(" ") + language("digest.since", price=language.money(current))
    if _is(last.alert, RuleKind.TARGET):
        line += Markup(" 🎯")
    return line


def _corrected_line(language: Language, title: Markup, said: Alert) -> Markup:
    reason = next(reason for reason in said.reasons if reason["kind"] == owing.CORRECTED)
    assert said.currency is not None
    wrong = language.money(Money(reason["wrong_minor"], said.currency))
    if said.now is None:
        return language("digest.corrected_unknown", title=title, wrong=wrong)
    return language("digest.corrected", title=title, wrong=wrong, now=language.money(said.now))


def _details(watch: Watch) -> InlineKeyboardButton:
    data = WatchButton(action=WatchAction.CARD, watch_id=watch.id, place=Place.LIST)
    return InlineKeyboardButton(
        text=f"#{watch.number} {title_of(watch.listing, limit=28)}", callback_data=data.pack()
    )
