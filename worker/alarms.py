"""Cron, once a minute: begin and end alarms."""

import asyncio
import socket

from tracker import vitals
from tracker.admin import alarms as service
from tracker.admin.health import machine
from worker.workbench import Workbench


async def alarms(bench: Workbench) -> None:
    """Look at everything that those who run the service should know of; what is owed about it is said by
    whoever says notices.
    """
    readings = await vitals.read(bench.queue.redis, bench.queue.name)
    here = await asyncio.to_thread(machine, bench.settings)
    disk = service.Disk(
        socket.gethostname(), here.disk_free, here.disk_total, bench.settings.alarm_disk_percent
    )
    async with bench.database.transaction() as session:
        changed = await service.watch(session, readings, disk, bench.settings.admin_ids)
    if changed:
        await bench.queue.payments()
