"""A person calls a price wrong and shows the right one, and everybody is told right from then on."""

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, MEERA, RAVI, Say, Shelf, World
from tracker.alerts.models import Alert, AlertState
from tracker.catalog.models import Correction, CorrectionState, Listing, PriceObservation, ReadingRule

GONE = "I cannot find that any more. Send /list to see what you watch."
STALE = "This button is too old. Send /list to see what you watch."
DECIDED = "That question is answered already. Tap “Wrong price?” to ask it again."


@on_both_databases
async def test_a_person_shows_the_right_price_and_it_is_read_from_there_on(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00", mode="mislabelled")
    [preview] = await say(kettle.url)
    assert "₹166.58" in preview
    await say.tap("Track it")
    [question] = await say.tap("Wrong price?")
    assert say.toast == "I read the page again"
    assert "I read ₹166.58" in question
    assert "• ₹1,999, a price: “" in question
    assert "Which is the right price?" in question
    assert {"₹1,999", "None of these", "It is right"} <= set(say.buttons())
    [thanks] = await say.tap("₹1,999")
    assert "The price is ₹1,999, and I read it from there from now on." in thanks
    assert "1 wrong reading is out of its history." in thanks
    [listing] = await world.rows(Listing)
    assert listing.price_minor == 199900
    shop.set(kettle, price="1799.00")
    alert = await say.hears("₹1,799")
    assert "₹1,999" in alert["text"]
    assert "166" not in alert["text"]


@on_both_databases
async def test_everybody_who_got_a_false_alert_is_told_so_once(say: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00", mode="mislabelled")
    ravi = say.as_user(RAVI)
    for person in (say, ravi):
        await person(kettle.url)
        await person.tap("Track it")
    shop.set(kettle, price="1799.00")
    await say.hears("📉", "₹149.92")
    await ravi.hears("📉", "₹149.92")
    await say.tap("Wrong price?")
    await say.tap("₹1,799")
    for person in (say, ravi):
        excuse = await person.hears("I told you ₹149.92 before, and that was wrong")
        assert "₹1,799" in excuse["text"]
    excuses = [alert for alert in await world.rows(Alert) if alert.reasons[0]["kind"] == "corrected"]
    assert len(excuses) == 2
    [first, second] = await world.rows(Alert, Alert.correction_id.is_not(None))
    assert {first.state, second.state} == {AlertState.SENT}
    standing = await world.rows(PriceObservation, PriceObservation.correction_id.is_(None))
    assert [seen.price_minor for seen in standing] == [179900]


async def test_three_people_put_the_whole_store_right(say: Say, shop: Shelf, world: World) -> None:
    things = [shop.lists(slug, price="1999.00", mode="mislabelled") for slug in ("kettle", "lamp", "chair")]
    for person, thing in zip((say, say.as_user(RAVI), say.as_user(MEERA)), things, strict=True):
        [preview] = await person(thing.url)
        assert "₹166.58" in preview
        await person.tap("Track it")
        await person.tap("Wrong price?")
        await person.tap("₹1,999")
    [preview] = await say(shop.lists("table", price="4999.00", mode="mislabelled").url)
    assert "₹4,999" in preview
    [preview] = await say(shop.lists("shelf", price="2999.00").url)
    assert "₹2,999" in preview


async def test_none_of_these_makes_the_price_unknown_rather_than_wrong(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00", mode="mislabelled")
    await say(kettle.url)
    await say.tap("Track it")
    await say.tap("Wrong price?")
    [thanks] = await say.tap("None of these")
    assert "I do not believe that price any more" in thanks
    shop.set(kettle, price="1200.00")
    await world.checked(kettle)
    [listing] = await world.rows(Listing)
    assert (listing.price_minor, listing.outcome) == (None, "not_sure")
    assert await world.count(Alert) == 0


async def test_it_is_right_changes_nothing(say: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    await say.tap("Wrong price?")
    assert await say.tap("It is right") == ["Good, then nothing changes for Kettle."]
    [correction] = await world.rows(Correction)
    assert correction.state == CorrectionState.WITHDRAWN
    assert await world.count(ReadingRule) == 0
    assert (await world.rows(Listing))[0].price_minor == 199900


async def test_an_answer_counts_once_and_only_for_the_question_that_it_was_given_to(
    say: Say, shop: Shelf, world: World
) -> None:
    await say(shop.lists("kettle", price="1999.00", mode="mislabelled").url)
    await say.tap("Track it")
    await say.tap("Wrong price?")
    [correction] = await world.rows(Correction)
    await say.tap(f"x:choose:{correction.id}:0:{int(correction.asked_at.timestamp()) - 1}", forced=True)
    assert say.toast == DECIDED
    await say.tap(f"x:choose:{correction.id}:15:{int(correction.asked_at.timestamp())}", forced=True)
    assert say.toast == DECIDED
    assert await world.count(ReadingRule) == 0
    await say.tap("₹1,999")
    await say.tap(f"x:none:{correction.id}:0:{int(correction.asked_at.timestamp())}", forced=True)
    assert say.toast == DECIDED
    assert await world.count(ReadingRule) == 1


async def test_nobody_reaches_another_persons_watch_or_question(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00", mode="mislabelled").url)
    await say.tap("Track it")
    await say.tap("Wrong price?")
    [correction] = await world.rows(Correction)
    asked = int(correction.asked_at.timestamp())
    ravi = say.as_user(RAVI)
    await ravi("/start")
    for data in (
        "wrong:1:0:0",
        *(f"{action}:{correction.id}:0:{asked}" for action in ("choose", "none", "right")),
    ):
        assert await ravi.tap(f"x:{data}", forced=True) == [], data
        assert ravi.toast == GONE, data
    await ravi.tap(f"x:undo:{correction.id}:0:0", forced=True)
    assert ravi.toast == STALE
    [same] = await world.rows(Correction)
    assert same.state == CorrectionState.OFFERED


async def test_asking_again_at_once_is_refused_in_a_sentence(say: Say, shop: Shelf) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    card = say.last
    await say.tap("Wrong price?")
    await say.tap("Wrong price?", on=card)
    assert say.toast == "I have just read this page for you. Please try again in ten minutes."


async def test_a_page_that_cannot_be_read_is_said_to_be_so(say: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    shop.set(kettle, mode="captcha")
    [answer] = await say.tap("Wrong price?")
    assert answer.startswith("I cannot read that page at the moment")
    assert (await world.rows(Correction))[0].state == CorrectionState.WITHDRAWN


async def test_an_admin_sees_the_corrections_and_takes_one_back(make_world: MakeWorld) -> None:
    world = await make_world(admin_ids=frozenset({ASHA}))
    admin, ravi = Say(world, ASHA), Say(world, RAVI)
    assert await admin("/corrections") == ["No correction is in force."]
    await ravi(world.shop.lists("kettle", price="1999.00", mode="mislabelled").url)
    await ravi.tap("Track it")
    await ravi.tap("Wrong price?")
    await ravi.tap("₹1,999")
    [listed] = await admin("/corrections")
    assert "Kettle: ₹166.58 → ₹1,999" in listed
    assert await admin.tap("Undo") == ["No correction is in force."]
    [listing] = await world.rows(Listing)
    assert listing.price_minor == 16658
    assert (await world.rows(Correction))[0].state == CorrectionState.UNDONE


async def test_an_admin_sees_what_was_not_believed(make_world: MakeWorld) -> None:
    world = await make_world(admin_ids=frozenset({ASHA}))
    admin = Say(world, ASHA)
    assert await admin("/readings") == ["Every reading was believed at once."]
    kettle = world.shop.lists("kettle", price="1999.00")
    await admin(kettle.url)
    await admin.tap("Track it")
    world.shop.set(kettle, price="20.00")
    await world.checked(kettle)
    [listed] = await admin("/readings")
    assert "Kettle: ₹20 against ₹1,999, far_off, rejected" in listed


@pytest.mark.parametrize("command", ["/corrections", "/readings"])
async def test_nobody_else_is_shown_them(command: str, say: Say) -> None:
    [answer] = await say(command)
    assert "correction" not in answer.lower()
    assert "believed" not in answer
