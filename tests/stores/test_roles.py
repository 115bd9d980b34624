"""What words and neighbours make of an amount."""

from decimal import Decimal

import pytest

from tracker.money import Money
from tracker.stores.candidates import Role
from tracker.stores.offer import Outcome, Reason
from tracker.stores.page import Page
from tracker.stores.registry import read
from tracker.stores.visible import Visible
from tracker.stores.words import role_in_words

URL = "https://shop.example.com/p/lamp"
HEAD = "<title>Oil lamp</title><h1>Oil lamp</h1>"

WORDS = {
    ("M.R.P.: ", ""): Role.LIST,
    ("RRP ", ""): Role.LIST,
    ("Was ", ""): Role.LIST,
    ("Compare at ", ""): Role.LIST,
    ("statt ", ""): Role.LIST,
    ("UVP: ", ""): Role.LIST,
    ("au lieu de ", ""): Role.LIST,
    ("Antes: ", ""): Role.LIST,
    ("anziché ", ""): Role.LIST,
    ("Adviesprijs ", ""): Role.LIST,
    ("Ordinarie pris ", ""): Role.LIST,
    ("原价", ""): Role.LIST,
    ("Price reduced from ", ""): Role.LIST,
    ("Was £9, now ", ""): Role.SELLING,
    ("Our Price: ", ""): Role.SELLING,
    ("Jetzt nur ", ""): Role.SELLING,
    ("Ahora ", ""): Role.SELLING,
    ("EMI price ", ""): Role.INSTALMENT,
    ("or 4 interest-free payments of ", ""): Role.INSTALMENT,
    ("10x de ", ""): Role.INSTALMENT,
    ("", " / month"): Role.INSTALMENT,
    ("", " x 24m"): Role.INSTALMENT,
    ("", "/mo with Affirm"): Role.INSTALMENT,
    ("", " per kg"): Role.UNIT,
    ("", "/100 ml"): Role.UNIT,
    ("You save ", ""): Role.SAVING,
    ("", " off your first order"): Role.SAVING,
    ("Sie sparen ", ""): Role.SAVING,
    ("Cashback up to ", ""): Role.THRESHOLD,
    ("Free shipping on orders over ", ""): Role.THRESHOLD,
    ("Free shipping on orders ", "+"): Role.THRESHOLD,
    ("Versand: ", ""): Role.SHIPPING,
    ("", " delivery"): Role.SHIPPING,
    ("Members pay ", ""): Role.MEMBER,
    ("Subscribe & save: ", ""): Role.SUBSCRIPTION,
    ("Used from seller: ", ""): Role.USED,
    ("From ", ""): Role.LOWEST,
    ("ab ", ""): Role.LOWEST,
    ("", "+"): Role.LOWEST,
    ("Approximately ", ""): Role.VARIANT,
    ("Colour: red ", ""): None,
    ("", " in black"): None,
}


@pytest.mark.parametrize(("words", "role"), WORDS.items(), ids=[f"{b}*{a}" for b, a in WORDS])
def test_words_beside_an_amount_say_what_it_is_for(words: tuple[str, str], role: Role | None) -> None:
    assert role_in_words(*words) is role


def test_a_label_between_two_amounts_is_that_of_the_second() -> None:
    assert role_in_words("", " MRP", last=False) is None
    assert role_in_words("", " MRP", last=True) is Role.LIST


def visible(body: str) -> Visible:
    return Visible(Page(f"{HEAD}{body}", URL))


def role_of(body: str, amount: str) -> Role:
    return next(seen.role for seen in visible(body).sightings if seen.amount == Decimal(amount))


ROLES = {
    "struck": ("<p><s>$30</s> $20</p>", "30", Role.LIST),
    "struck by style": ('<p><span style="text-decoration: line-through">$30</span> $20</p>', "30", Role.LIST),
    "old by name": ('<p class="old-price">$30</p><p class="price">$20</p>', "30", Role.LIST),
    "regular, and alone": ('<p class="regular-price">$30</p>', "30", Role.SELLING),
    "regular, beside a sale": (
        '<p class="price regular-price">$30</p><p class="price sale-price">$20</p>', "30", Role.LIST,
    ),
    "reduced by as many per cent": ("<p>$30 $20 33% off</p>", "30", Role.LIST),
    "footer": ("<footer>$30</footer>", "30", Role.ELSEWHERE),
    "mini cart": ('<div class="mini-cart">$30</div>', "30", Role.ELSEWHERE),
    "after a line about others": (
        '<b class="price">$9</b><button>Add to cart</button><h3>You may also like</h3><b>$30</b>',
        "30", Role.ELSEWHERE,
    ),
    "card": (
        "".join(f'<li><a href="/{n}"><img src="{n}.jpg">Lamp {n}</a> ${n}</li>' for n in (28, 30)),
        "30", Role.ELSEWHERE,
    ),
    "choice": ("".join(f"<li><label>Size {n} ${n}</label></li>" for n in (28, 29, 30)), "30", Role.VARIANT),
    "delivery above": ("<p>Express delivery</p><p>only $30</p>", "30", Role.SHIPPING),
    "range": ("<p>$30 – $40</p>", "30", Role.LOWEST),
    "converted": ("<p>£20 / $30</p>", "30", Role.VARIANT),
}  # fmt: skip


@pytest.mark.parametrize(("body", "amount", "role"), ROLES.values(), ids=ROLES)
def test_places_and_neighbours_say_what_an_amount_is_for(body: str, amount: str, role: Role) -> None:
    assert role_of(body, amount) is role


def test_of_two_equal_amounts_nobody_is_sure_and_a_person_may_choose() -> None:
    reading = read(f"{HEAD}<span>$20</span> <span>$22</span><button>Add to cart</button>", URL)
    assert (reading.outcome, reading.reason) == (Outcome.NO_OFFER, Reason.NOT_SURE)
    assert {one.amount for one in reading.candidates if one.role == "selling"} == {Decimal(20), Decimal(22)}


def test_an_offer_carries_the_amounts_that_lost() -> None:
    offer = read(f'{HEAD}<b class="price">$20</b> EMI $5/month<button>Buy now</button>', URL).offer
    assert offer is not None
    assert offer.price == Money(2000, "USD")
    assert [(one.amount, one.role) for one in offer.candidates] == [(Decimal(5), "instalment")]


def test_a_lead_makes_sure_and_a_rival_does_not() -> None:
    alone = visible('<b class="price">$20</b><button>Add to cart</button>')
    beside = visible('<b class="price">$20</b> <b class="price">$21</b><button>Add to cart</button>')
    assert alone.sure > 0.9
    assert beside.sure <= 0.6
    assert visible("<p>No amount here.</p>").sure == 0.0
