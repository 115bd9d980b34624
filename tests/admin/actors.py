"""One of each role, at the door of the chat."""

from tracker.admin.roles import Actor, Door, Role

OWNER = Actor(1001, Role.OWNER, Door.CHAT)
SUPPORT = Actor(1002, Role.SUPPORT, Door.CHAT)
VIEWER = Actor(1003, Role.VIEWER, Door.CHAT)
