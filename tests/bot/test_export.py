"""/export brings a file into the owner's chat, and into nobody else's."""

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, MEERA, PATIENCE, Say, World
from tracker import clock
from tracker.admin.models import AuditEntry, Staff
from tracker.notices.models import Notice, NoticeState
from worker import exports as making


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(admin_ids=frozenset({MEERA}))


async def arrived(meera: Say, world: World, words: str) -> str:
    """The words below the newest file."""
    await world.telegram.wait_for(lambda: words in meera.messages[-1]["text"], PATIENCE)
    return str(meera.messages[-1]["text"])


@on_both_databases
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_file_comes_when_it_is_whole(kind: str, say: Say, world: World) -> None:
    await say("/start")
    meera = say.as_user(MEERA)
    [said, *_] = await meera(f"/export users {kind}")
    assert said == f"I make users.{kind}, and send it when it is whole."
    assert await arrived(meera, world, "Users (all)") == (
        "Users (all): 2 rows. Times are in UTC, months are India’s."
    )
    [entry] = await world.rows(AuditEntry)
    assert (entry.action, entry.subject) == ("export", "export:users")


async def test_a_file_that_holds_no_more_says_so(
    say: Say, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.admin.exports.AT_A_TIME", 1)
    monkeypatch.setattr(making, "MOST_ROWS", 1)
    await say("/start")
    meera = say.as_user(MEERA)
    await meera("/export users")
    assert "That is not all" in await arrived(meera, world, "1 row")


async def test_only_an_owner_takes_anything_out(say: Say, world: World) -> None:
    await say.as_user(MEERA)("/start")
    assert await say("/export users") == ["I do not know that command. Send /help to see what I can do."]
    async with world.database.transaction() as session:
        session.add(Staff(telegram_id=ASHA, role="support", given_by=MEERA, given_at=clock.now()))
    assert await say("/export users") == ["Your role does not allow that: it takes the role “owner”."]
    assert await world.count(Notice, Notice.state != NoticeState.SENT) == 0
