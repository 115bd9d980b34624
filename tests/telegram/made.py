"""Cards and what they are made of, without a database."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from tracker.alerts.models import Alert, AlertPreferences
from tracker.alerts.service import Told
from tracker.catalog.models import Listing, PriceObservation
from tracker.stores.offer import Availability
from tracker.telegram.cards import Card
from tracker.users.models import User
from tracker.watches.models import AlertRule, Rearm, RuleKind, Watch, WatchState

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
LARGEST_ID = 2**63 - 1


def listing(**details: object) -> Listing:
    known: dict[str, object] = {
        "id": 1,
        "url": "https://www.flipkart.com/kettle/p/itm1",
        "store": "flipkart.com",
        "title": "Kettle",
        "currency": "INR",
        "price_minor": 149900,
        "availability": Availability.IN_STOCK,
        "failures": 0,
        "created_at": NOW,
    }
    return Listing(**(known | details))


def watch(found: Listing, **details: object) -> Watch:
    rule = AlertRule(kind=RuleKind.ANY_DROP, created_at=NOW, rearm=Rearm.CROSSING)
    known: dict[str, object] = {
        "id": 5,
        "number": 1,
        "state": WatchState.ACTIVE,
        "created_at": NOW,
        "rules": [rule],
    }
    owner = User(id=1, telegram_id=1001, locale="en", currency="INR", time_zone="Asia/Kolkata")
    return Watch(listing=found, user=owner, start_minor=199900, start_currency="INR", **(known | details))


def told(
    alert: Alert,
    watch: Watch,
    *,
    availability: Availability = Availability.IN_STOCK,
    seller: str | None = None,
    preferences: AlertPreferences | None = None,
) -> Told:
    seen = PriceObservation(id=1, availability=availability, seller=seller)
    return Told(alert, watch, seen, preferences, ())


def alert(**details: object) -> Alert:
    known: dict[str, object] = {
        "reasons": [{"kind": RuleKind.ANY_DROP}],
        "before_minor": 199900,
        "now_minor": 149900,
        "currency": "INR",
        "observed_at": NOW,
    }
    return Alert(**(known | details))


def buttons(card: Card) -> dict[str, str]:
    assert card.keyboard is not None
    return {
        button.text: button.callback_data or button.url or ""
        for row in card.keyboard.inline_keyboard
        for button in row
    }


class Html(HTMLParser):
    """Reads a card as Telegram does: which tags stand in it, and how long its words are."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(str(card.text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data
