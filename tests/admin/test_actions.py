"""Nothing is changed without a word in the audit log."""

import ast
from pathlib import Path

from tracker.admin.roles import Action

ROOT = Path(__file__).parent.parent.parent


def asked_of_the_log() -> set[str]:
    """The names of the actions with which a service of `tracker/` calls `audit.allow`."""
    found: set[str] = set()
    for path in (ROOT / "tracker").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.allow", "allow")):
                continue
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                for part in ast.walk(argument):
                    if isinstance(part, ast.Attribute) and ast.unparse(part.value) == "Action":
                        found.add(part.attr)
    return found


def test_every_action_that_changes_something_is_written_down() -> None:
    changing = {action.name for action in Action if not action.startswith(("see_", "use_"))}
    assert changing - asked_of_the_log() == set()


def test_no_door_changes_what_it_should_ask_a_service_for() -> None:
    """Doors hand over who acts: what is done is done in `tracker/admin`, and so is what is written down."""
    for door in ("bot", "webhooks", "worker"):
        for path in (ROOT / door).rglob("*.py"):
            text = path.read_text("utf-8")
            assert "audit.allow" not in text, path
            assert "roles.give(" not in text, path
