"""The table of who may do what, and that the page about it is of today."""

from pathlib import Path

from tracker.admin import roles
from tracker.admin.roles import LEAST, Action, Actor, Door, Role

ROOT = Path(__file__).parent.parent.parent


def test_the_page_of_roles_is_made_from_the_code_of_today() -> None:
    """`python -m tracker.admin.roles > docs/roles.md` makes it anew."""
    assert (ROOT / "docs" / "roles.md").read_text("utf-8") == roles.table()


def test_every_action_is_a_line_of_the_page() -> None:
    lines = roles.table().splitlines()
    for action in Action:
        [line] = [line for line in lines if f"`{action}`" in line]
        may = [Actor(1, role, Door.CHAT).may(action) for role in Role]
        assert [cell.strip() == "yes" for cell in line.split("|")[2:-1]] == may
        assert may[-1]
        assert LEAST[action] == list(Role)[may.index(True)]


def test_a_token_gives_no_more_than_its_role() -> None:
    owner = Actor(1, Role.OWNER, Door.API)
    assert owner.at_most(Role.VIEWER).role == Role.VIEWER
    assert Actor(1, Role.VIEWER, Door.API).at_most(Role.OWNER).role == Role.VIEWER
