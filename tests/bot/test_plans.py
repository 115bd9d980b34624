"""From /plans to the payment, the trial, an invitation, and what a plan does not permit."""

from datetime import timedelta

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, day, has, heard
from tests.rows import allow
from tests.world import ASHA, MEERA, RAVI, Say, Shelf, Thing, World
from tracker import clock
from tracker.alerts.models import Alert, AlertPreferences
from tracker.billing.models import Checkout, CheckoutState, Referral, Subscription, Trial
from tracker.billing.periods import Period
from tracker.catalog.models import PriceObservation
from tracker.watches.models import AlertRule, DefaultRule, Watch

WEEK = timedelta(days=7)
NO_SUCH_PLAN = "There is no such plan to buy. /plans shows what there is."


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """Asha watches a kettle at ₹1,999."""
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    return kettle


async def coupon(say: Say, words: str = "DIWALI 20%") -> None:
    """An admin makes a coupon."""
    await say.as_user(MEERA)(f"/coupon {words}")


@on_both_databases
async def test_the_plans_lead_to_one_and_to_its_quote(say: Say) -> None:
    [plans] = await say("/plans")
    assert plans.startswith("Plans\n\nFree · nothing to pay\n✅ This is your plan.\n")
    assert say.buttons() == [
        "Starter · ₹99 a month",
        "Pro · ₹299 a month",
        "Business · ₹999 a month",
        "🎁 Pro for 7 days, for nothing",
        "💳 My plan",
    ]
    [pro] = await say.tap("Pro · ₹299")
    assert "A year saves ₹598 against twelve months." in pro
    [quote] = await say.tap("Yearly ₹2,990")
    assert quote.startswith("Pro, one year\n\nPrice: ₹2,990\nTo pay: ₹2,990\n")
    assert "It begins at once." in quote
    assert await say.tap("Back") == [pro]
    assert await say.tap("All plans") == [plans]


async def test_upgrade_shows_the_next_plan_or_the_one_that_is_named(say: Say, world: World) -> None:
    [starter] = await say("/upgrade")
    assert starter.startswith("Starter · ₹99 a month, ₹990 a year\n")
    [pro] = await say("/upgrade PRO")
    assert pro.startswith("Pro · ₹299 a month")
    assert await say("/upgrade gold") == [NO_SUCH_PLAN]
    await has(world, "business")
    assert await say("/upgrade") == [
        "Business is the largest plan, and it is yours already. /billing shows it."
    ]


@on_both_databases
async def test_a_coupon_is_asked_for_until_it_is_one(say: Say) -> None:
    await coupon(say)
    await say("/upgrade pro")
    await say.tap("Monthly")
    assert await say.tap("I have a coupon") == ["Which code? Send it, or /cancel."]
    unknown = ["I know no such coupon. Please check its letters and send it again, or /cancel."]
    for words in ("DIWALY", "दीवाली", "x" * 4000, "a:b", "%"):
        assert await say(words) == unknown
    [quote] = await say(" diwali ")
    assert "Price: ₹299\nCoupon DIWALI: −₹59.80\nTo pay: ₹239.20\n" in quote
    assert "💳 Pay ₹239.20" in say.buttons()
    assert "🎟 I have a coupon" not in say.buttons()
    [answer] = await say("diwali")
    assert answer.startswith("I see no link in that.")


@on_both_databases
async def test_a_link_that_cannot_be_made_is_tried_again_or_given_up(say: Say, world: World) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    away = await heard(say, "The payment service does not answer just now. Nothing was charged.")
    [checkout] = await world.rows(Checkout)
    assert (checkout.chat_id, checkout.message_id) == (ASHA, away["message_id"])
    assert say.buttons(away) == ["🔄 Try again", "✖ Cancel"]
    assert await say.tap("Cancel") == ["All right, nothing is charged."]
    [checkout] = await world.rows(Checkout)
    assert checkout.state == CheckoutState.CANCELLED


async def test_a_second_tap_is_the_same_offer(say: Say, world: World) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    await say.tap("b:pay:starter:month:", forced=True)
    assert await world.count(Checkout) == 1


@on_both_databases
async def test_credit_alone_pays_for_a_larger_plan(say: Say, world: World) -> None:
    await say("/plans")
    await has(world, "starter", period=Period.YEAR, value_minor=99000)
    await say("/upgrade")
    [quote] = await say.tap("Monthly")
    assert "Credit for unused days: −₹299\nTo pay: ₹0\n" in quote
    assert "It begins at once, instead of Starter." in quote
    assert "stays with you as credit for your next payment." in quote
    by_credit = "✅ Pro, one month: your credit pays for it, and nothing is charged."
    assert by_credit in await say.tap("Begin")
    await heard(say, "✅ Pro is yours until ")
    [subscription] = await world.rows(Subscription)
    assert subscription.plan == "pro"
    [card] = await say("/billing")
    assert "Credit for your next payment: ₹6" in card


async def test_the_same_plan_again_begins_when_the_paid_time_ends(say: Say, world: World) -> None:
    await say("/plans")
    await has(world, "pro")
    [plans] = await say("/plans")
    assert "Pro · ₹299 a month, ₹2,990 a year\n✅ Yours until " in plans
    await say.tap("Pro ·")
    [quote] = await say.tap("Monthly")
    assert "when what you have now ends." in quote
    assert "“Renew automatically” charges nothing now, ₹299 on " in quote


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param("b:pay:free:month:", NO_SUCH_PLAN, id="nothing-to-buy"),
        pytest.param("b:pay:gold:month:", NO_SUCH_PLAN, id="no-such-plan"),
        pytest.param("b:plan:gold::", NO_SUCH_PLAN, id="no-such-card"),
        pytest.param(
            "b:pay:pro::", "This button is too old. Send /list to see what you watch.", id="no-period"
        ),
        pytest.param(
            "b:pay:pro:month:NONE",
            "I know no such coupon. Please check its letters and send it again, or /cancel.",
            id="no-such-coupon",
        ),
        pytest.param(
            "b:stars:pro:month:",
            "This way of paying is not offered here. /plans shows what there is.",
            id="stars",
        ),
        pytest.param(
            "k:cancel:99", "I cannot find that any more. Send /list to see what you watch.", id="no-offer"
        ),
    ],
)
async def test_forged_bytes_buy_nothing(data: str, said: str, say: Say, world: World) -> None:
    await say("/plans")
    assert await say.tap(data, forced=True) == []
    assert say.toast == said
    assert await world.count(Checkout) == 0


async def test_nobody_touches_another_persons_offer(say: Say, world: World) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    ravi = say.as_user(RAVI)
    await ravi("/plans")
    for action in ("ask", "again", "cancel"):
        assert await ravi.tap(f"k:{action}:1", forced=True) == []
        assert ravi.toast == "I cannot find that any more. Send /list to see what you watch."
    [checkout] = await world.rows(Checkout)
    assert checkout.state == CheckoutState.WANTED


@on_both_databases
async def test_the_trial_is_once(say: Say, world: World) -> None:
    await say("/plans")
    begun = f"🎁 Pro is yours until {day(WEEK)}, for nothing. It ends by itself, and nothing is charged."
    assert await say.tap("for nothing") == [begun]
    assert await say("/trial") == ["You have a plan already, so there is nothing to try. /billing shows it."]
    [card] = await say("/billing")
    assert f"Pro, for nothing until {day(WEEK)}." in card
    await say("/plans")
    assert "Pro for 7 days" not in " ".join(say.buttons())
    assert await world.count(Trial) == 1


async def test_a_trial_is_not_for_whoever_took_it_before(say: Say, world: World) -> None:
    await say("/plans")
    async with world.database.transaction() as session:
        session.add(Trial(telegram_id=ASHA, taken_at=clock.now()))
    taken = "You have tried it before: it is once for each Telegram account. /plans shows what there is."
    assert await say("/trial") == [taken]


@on_both_databases
async def test_an_invitation_is_counted(say: Say, world: World) -> None:
    [card] = await say("/invite")
    assert "you both get 7 days; yours are of Pro." in card
    link = next(line for line in card.splitlines() if line.startswith("https://t.me/"))
    ravi = say.as_user(RAVI)
    [welcome] = await ravi(f"/start {link.partition('start=')[2]}")
    assert welcome.startswith("Hello Ravi!")
    assert welcome.endswith(
        "🎁 A friend invited you: when you pay for a plan for the first time, you both get 7 days more."
    )
    [card] = await say("/invite")
    assert card.endswith("1 person came by it; 0 paid.")
    assert await world.count(Referral) == 1


async def test_nobody_invites_themselves_or_somebody_who_is_here(say: Say, world: World) -> None:
    ravi = say.as_user(RAVI)
    await ravi("/start")
    [card] = await ravi("/invite")
    [line] = [line for line in card.splitlines() if line.startswith("https://t.me/")]
    payload = line.partition("start=")[2]
    assert "A friend invited you" not in (await ravi(f"/start {payload}"))[0]
    assert await world.count(Referral) == 0


@on_both_databases
async def test_one_watch_too_many_leads_to_the_next_plan(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await allow(world.database, 1)
    await say(shop.lists("lamp", price="99.00").url)
    [card] = await say.tap("Track it")
    full = "You watch 1 things, which is all that your plan permits. Pause or stop one, or take a larger plan"
    assert say.toast is not None
    assert say.toast.startswith(full)
    assert card.startswith(full)
    assert "Starter · ₹99 a month, ₹990 a year\n• 50 things, checked every 4 hours or sooner" in card
    assert await world.count(Watch) == 1
    [plan] = await say.tap("⬆ Starter")
    assert plan.startswith("Starter · ₹99 a month")


async def test_one_watch_too_many_by_a_command_is_said_once(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say("/pause kettle")
    await say(shop.lists("lamp", price="99.00").url)
    await say.tap("Track it")
    await allow(world.database, 1)
    [card] = await say("/resume kettle")
    assert "which is all that your plan permits" in card
    assert say.buttons() == ["⬆ Starter"]


@on_both_databases
async def test_rules_beyond_the_basic_ones_lead_to_the_next_plan(
    kettle: Thing, say: Say, world: World
) -> None:
    await say.tap("Rules")
    await say.tap("Back in stock")
    assert await world.count(AlertRule) == 2
    [card] = await say.tap("Any change")
    assert say.toast is not None
    assert say.toast.startswith("Your plan has four kinds of rules")
    assert card.startswith("Your plan has four kinds of rules")
    assert say.buttons() == ["⬆ Starter"]
    assert await world.count(AlertRule) == 2
    await say("/defaults")
    [card] = await say.tap("Sold out")
    assert card.startswith("Your plan has four kinds of rules")
    assert await world.count(DefaultRule) == 0


async def test_rules_of_a_plan_that_is_over_stay_and_are_not_given_to_new_watches(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    [watch] = await world.rows(Watch)
    async with world.database.transaction() as session:
        session.add(DefaultRule(user_id=watch.user_id, kind="any_change", rearm="crossing"))
        session.add(DefaultRule(user_id=watch.user_id, kind="back_in_stock", rearm="crossing"))
    await say(shop.lists("lamp", price="99.00").url)
    await say.tap("Track it")
    [*_, lamp] = await world.rows(Watch)
    assert [rule.kind for rule in await world.rows(AlertRule, AlertRule.watch_id == lamp.id)] == [
        "back_in_stock"
    ]


async def test_digests_lead_to_the_next_plan(say: Say, world: World) -> None:
    await say("/alerts")
    await say.tap("When")
    [card] = await say.tap("Once a day")
    assert card.startswith("Your plan tells you at once.")
    assert await world.count(AlertPreferences) == 0
    await has(world, "starter")
    await say("/alerts")
    await say.tap("When")
    assert await say.tap("Once a day") == ["At which hour?"]


async def test_history_ends_where_the_plan_ends_it_and_says_so(kettle: Thing, say: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    now = clock.now()
    async with world.database.transaction() as session:
        for days in (1, 31, 40):
            seen = PriceObservation(
                listing_id=watch.listing_id, availability="in_stock", evidence="", observed_at=now
            )
            session.add(seen)
            await session.flush()
            session.add(
                Alert(
                    watch_id=watch.id,
                    observation_id=seen.id,
                    chat_id=ASHA,
                    state="sent",
                    due_at=now,
                    observed_at=now - timedelta(days=days),
                    now_minor=149900,
                    currency="INR",
                    reasons=[{"kind": "any_drop"}],
                    attempts=1,
                )
            )
    [told] = await say("/history")
    assert told.startswith("1 alert\n")
    assert told.endswith("Your plan shows 30 days of this. 2 older alerts are kept: /plans")
    await has(world, "pro")
    [told] = await say("/history")
    assert told.startswith("3 alerts\n")
    assert "older" not in told


async def test_money_is_talked_about_in_private(say: Say, world: World) -> None:
    world.telegram.groups.take_in(ASHA, -500)
    group = say.in_group(-500)
    assert await group("/plans") == ["I talk in private only. Open a chat with me and press Start."]
