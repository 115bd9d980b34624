"""Where invoices are mailed to: the address is told, and proved by the code that was mailed to it."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from sandbox.mailbox import Mail, Mailbox
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, heard, pays
from tests.world import Say, World
from tracker import clock
from tracker.users import addresses
from tracker.users.models import User
from worker.mails import send_mails

ADDRESS = "asha@home.example"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    async with mailbox.listening():
        yield mailbox


@pytest.fixture
async def world(make_world: MakeWorld, mailbox: Mailbox) -> World:
    return await make_world(**REAL, smtp_url=SecretStr(mailbox.url))


async def code_of(mailbox: Mailbox, address: str = ADDRESS) -> str:
    """The code in the mail to an address, once it is there."""

    def is_to(mail: Mail) -> bool:
        return mail.recipients == (address,)

    found = re.search(r"\b\d{6}\b", (await mailbox.holds(is_to)).text)
    assert found is not None
    return found[0]


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def on_its_way(address: str = ADDRESS) -> str:
    return (
        f"I am mailing a code of six digits to {address}. Send it here within 15 minutes, or /cancel. "
        "If the address is wrong, send the right one."
    )


async def opens_details(say: Say) -> str:
    await say("/billing")
    [card] = await say.tap("Invoice details")
    return card


@on_both_databases
async def test_invoices_go_to_an_address_that_is_proved(say: Say, world: World, mailbox: Mailbox) -> None:
    assert "GSTIN: –\nE-mail: –\n" in await opens_details(say)
    assert await say.tap("E-mail") == [
        "Where shall your invoices go as well? Send your e-mail address, or /cancel."
    ]
    assert await say("asha at home") == [
        "That is no e-mail address that I can write to. Please send one such as asha@example.com, or /cancel."
    ]
    assert await say("asha@HOME.example") == [on_its_way()]
    code = await code_of(mailbox)
    assert await say(another(code)) == [
        "That is not the code. Please send the six digits of the newest mail, or /cancel."
    ]
    [card] = await say(code)
    assert card.startswith(f"✅ From now on your invoices go to {ADDRESS} as well.\n\n")
    assert f"\nE-mail: {ADDRESS}\n" in card
    await pays(world, "pro")
    await send_mails(world.worker.bench)
    invoice = await mailbox.holds(lambda mail: bool(mail.files))
    assert invoice.recipients == (ADDRESS,)
    assert invoice.message["Subject"].startswith("Invoice PT")


async def test_five_wrong_codes_end_the_question(say: Say, mailbox: Mailbox) -> None:
    await opens_details(say)
    await say.tap("E-mail")
    await say(ADDRESS)
    code = await code_of(mailbox)
    for _ in range(4):
        await say(another(code))
    [card] = await say(another(code))
    assert card.startswith("That code is good no more. Press E-mail to get a new one.\n\n")
    assert f"\nE-mail: {ADDRESS}, not confirmed yet\n" in card
    assert "✉ E-mail" in say.buttons()


async def test_a_wrong_address_is_put_right_without_a_button(
    say: Say, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opens_details(say)
    await say.tap("E-mail")
    await say("asha@hmoe.example")
    await code_of(mailbox, "asha@hmoe.example")
    assert await say(ADDRESS) == [
        "I mailed you a code less than a minute ago. Please wait a minute, then send the address again."
    ]
    monkeypatch.setattr(clock, "_offset", clock._offset + addresses.PAUSE + timedelta(seconds=1))
    assert await say(ADDRESS) == [on_its_way()]
    [card] = await say(await code_of(mailbox))
    assert f"\nE-mail: {ADDRESS}\n" in card


async def test_an_address_is_forgotten_when_asked(say: Say, world: World, mailbox: Mailbox) -> None:
    await opens_details(say)
    assert not any("No e-mail" in label for label in say.buttons())
    await say.tap("E-mail")
    await say(ADDRESS)
    await say(await code_of(mailbox))
    [card] = await say.tap("No e-mail")
    assert "\nE-mail: –\n" in card
    assert say.toast == "Forgotten"
    assert await world.count(User, User.email.is_not(None)) == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"MAIL": "421 busy"}, "I could not mail the code just now."),
        ({ADDRESS: "550 no such person"}, f"{ADDRESS} takes no mail from me."),
    ],
    ids=["away", "refused"],
)
async def test_a_code_that_cannot_be_mailed_is_said(
    say: Say, mailbox: Mailbox, answer: dict[str, str], said: str
) -> None:
    mailbox.answers = answer
    await opens_details(say)
    await say.tap("E-mail")
    await say(ADDRESS)
    await heard(say, said)


async def test_where_no_mail_is_sent_none_is_offered(make_world: MakeWorld) -> None:
    say = Say(await make_world(**REAL))
    assert "E-mail" not in await opens_details(say)
    assert not any("E-mail" in label for label in say.buttons())
    await say.tap("m:email:0:", forced=True)
    assert say.toast == "I cannot send e-mail here."
