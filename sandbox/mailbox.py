"""A mail server on one machine that keeps whatever it is handed: nothing leaves, and the page shows it.

As much of SMTP (RFC 5321) as a client needs to hand in a letter. Its faults are for tests.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tracker import clock

_LARGEST = 10_000_000  # bytes, of a letter
_LONGEST_LINE = 2_000  # bytes; RFC 5321 asks for 1,000
_KEPT = 200
_PATH = re.compile(r"(?:FROM|TO):\s*<([^<>\s]*)>(.*)", re.IGNORECASE)
_SIMPLE = {
    "HELO": "250 sandbox",
    "RSET": "250 forgotten",
    "NOOP": "250 here",
    "QUIT": "221 goodbye",
}
_SIZE = re.compile(r"\bSIZE=(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter as it came, with the addresses that its envelope named."""

    id: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def text(self) -> str:
        """Its plain words."""
        part = self.message.get_body(("plain",))
        return "" if part is None else str(part.get_content())

    @property
    def files(self) -> dict[str, bytes]:
        return {
            part.get_filename() or "": part.get_payload(decode=True)  # type: ignore[misc]  # bytes, by `decode`
            for part in self.message.iter_attachments()
        }


class Mailbox:
    """Everybody's letters, the last 200 of them.

    `answers` are told in place of its own, by the command or the address that they answer: `{"MAIL": "451
    later", "nobody@shop.example": "550 no such person"}`. While `is_silent` it takes what it is told and says
    nothing.
    """

    def __init__(self, *, largest: int = _LARGEST) -> None:
        self.mails: deque[Mail] = deque(maxlen=_KEPT)
        self.answers: dict[str, str] = {}
        self.is_silent = False
        self.commands: list[str] = []
        """All lines that were said to it, oldest first, without the letters."""
        self.url = ""
        self._largest = largest
        self._received = 0
        self._arrived = asyncio.Condition()
        self._visits: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Take letters on a free port of this machine; yields the address, as `SMTP_URL` holds it."""
        server = await asyncio.start_server(self._visit, "127.0.0.1", 0, limit=_LONGEST_LINE)
        self.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.close()
            for visit in self._visits:
                visit.cancel()
            await asyncio.gather(*self._visits, return_exceptions=True)
            await server.wait_closed()

    async def holds(self, wanted: Callable[[Mail], bool]) -> Mail:
        """The newest letter that is wanted, once it is there."""
        async with self._arrived:
            while True:
                for mail in reversed(self.mails):
                    if wanted(mail):
                        return mail
                await self._arrived.wait()

    async def keep(self, sender: str, recipients: list[str], raw: bytes) -> Mail:
        async with self._arrived:
            self._received += 1
            mail = Mail(self._received, clock.now(), sender, tuple(recipients), raw)
            self.mails.append(mail)
            self._arrived.notify_all()
        return mail

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/sandbox/mail", self._list),
            Route("/sandbox/mail/{id:int}", self._show),
        ]

    async def _list(self, _request: Request) -> Response:
        """All letters, the newest first."""
        return JSONResponse({"mails": [_summary(mail) for mail in reversed(self.mails)]})

    async def _show(self, request: Request) -> Response:
        """One letter as it came; a browser shows it as text, whatever it holds."""
        for mail in self.mails:
            if mail.id == request.path_params["id"]:
                return PlainTextResponse(mail.raw, headers={"X-Content-Type-Options": "nosniff"})
        return JSONResponse({"error": "there is no such letter"}, status_code=404)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await _Session(self, reader, writer, self._largest).run()
        finally:
            self._visits.discard(task)
            writer.transport.abort()


@dataclass
class _Session:
    """One client's connection."""

    mailbox: Mailbox
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    largest: int
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)

    async def run(self) -> None:
        await self._say("220 sandbox ready")
        while True:
            try:
                line = (await self.reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")
            except asyncio.LimitOverrunError:
                await self._say("500 that line is too long")
                return
            self.mailbox.commands.append(line)
            verb, _, rest = line.partition(" ")
            answer = self.mailbox.answers.get(verb.upper()) or await self._answer(verb.upper(), rest)
            await self._say(answer)
            if verb.upper() == "QUIT":
                return

    async def _answer(self, verb: str, rest: str) -> str:
        if verb in ("EHLO", "HELO", "RSET"):
            self._reset()
        match verb:
            case "MAIL":
                return self._mail(rest)
            case "RCPT":
                return self._rcpt(rest)
            case "DATA":
                return await self._data()
            case "EHLO":
                return f"250-sandbox\r\n250-8BITMIME\r\n250 SIZE {self.largest}"
        return _SIMPLE.get(verb, "502 that is not spoken here")

    def _mail(self, rest: str) -> str:
        path = _PATH.fullmatch(rest.strip())
        if path is None:
            return "501 MAIL FROM:<address>"
        if (size := _SIZE.search(path[2])) and int(size[1]) > self.largest:
            return "552 that letter is too large"
        self._reset()
        self.sender = path[1]
        return "250 noted"

    def _rcpt(self, rest: str) -> str:
        path = _PATH.fullmatch(rest.strip())
        if self.sender is None:
            return "503 MAIL comes first"
        if path is None or not path[1]:
            return "501 RCPT TO:<address>"
        if refused := self.mailbox.answers.get(path[1]):
            return refused
        self.recipients.append(path[1])
        return "250 noted"

    async def _data(self) -> str:
        if self.sender is None or not self.recipients:
            return "503 MAIL and RCPT come first"
        await self._say("354 go ahead")
        raw = await self._letter()
        sender, recipients = self.sender, self.recipients
        self._reset()
        if raw is None:
            return "552 that letter is too large"
        if self.mailbox.is_silent:
            return ""
        mail = await self.mailbox.keep(sender, recipients, raw)
        return f"250 kept as {mail.id}"

    async def _letter(self) -> bytes | None:
        """Up to the line that is a dot alone; None when it is too large, read to its end all the same."""
        lines: list[bytes] = []
        size = 0
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            size += len(line)
            if size <= self.largest:
                lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines) if size <= self.largest else None

    def _reset(self) -> None:
        self.sender, self.recipients = None, []

    async def _say(self, answer: str) -> None:
        if self.mailbox.is_silent or not answer:
            return
        self.writer.write(answer.encode("latin-1") + b"\r\n")
        await self.writer.drain()


def _summary(mail: Mail) -> dict[str, object]:
    message = mail.message
    return {
        "id": mail.id,
        "received_at": mail.received_at.isoformat(),
        "from": str(message["From"]),
        "to": list(mail.recipients),
        "subject": str(message["Subject"]),
        "text": mail.text,
        "files": list(mail.files),
    }
