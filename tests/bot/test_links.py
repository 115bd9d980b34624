"""From a pasted link to a watch."""

from tests.bot.conftest import on_both_databases
from tests.world import Say, Shelf


@on_both_databases
async def test_a_link_becomes_a_preview_a_watch_and_then_an_alert(say: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await say(kettle.url)
    assert "Kettle" in preview
    assert "₹1,999" in preview
    [card] = await say.tap("Track it")
    assert say.toast == "I watch it for you"
    assert "I watch this for you" in card
    shop.set(kettle, price="1499.00")
    alert = await say.hears("₹1,499", "instead of ₹1,999")
    assert "−₹500 (−25 %)" in alert["text"]
