"""Cron, once a minute: begin and end alarms."""

from worker.workbench import Workbench


async def alarms(bench: Workbench) -> None: ...
