"""The one gateway to mail, by SMTP: every provider of mail speaks it.

MailProblem
├── MailAway       unreachable, slow, throttling, not accepting us: try later; it may have been sent
└── MailRefused    the address, or the letter, is not taken: trying again brings nothing

No password is in any text, and no letter goes over an open line but to this machine.
"""

import asyncio
import mimetypes
import re
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid, parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from tracker import clock
from tracker.config import Settings
from tracker.errors import CannotStart
from tracker.texts import clean

_TIMEOUT = 10.0  # seconds, for each thing that the server is asked
_DEADLINE = 20.0  # seconds, for a whole letter
_QUIT = 2.0  # seconds; the letter is sent by then
_PORTS = {"smtp": 587, "smtps": 465}
_OUR_FAULT = frozenset({503, 530, 535})
"""Answers to an address that speak of us: we have not, or not rightly, said who we are."""

_FORM = (
    "SMTP_URL looks like smtp://user:password@mail.example.com:587, or smtps://… with port 465; "
    "what is special in the user or the password is percent-encoded."
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_POLICY = SMTP_POLICY.clone(cte_type="7bit")  # not every server takes eight bits


class MailProblem(Exception):
    """What went wrong with a letter."""


class MailAway(MailProblem):
    """Try later. Whether it was sent is not known."""


class MailRefused(MailProblem):
    """The server's own words why this letter is not taken at this address."""


class BadMail(CannotStart):
    """What is wrong with the settings of mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where letters are handed in. `is_tls`: from the first byte, where others begin it by STARTTLS."""

    host: str
    port: int
    is_tls: bool = False
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    needs_tls: bool = True
    """Nothing is said over an open line. Without it TLS is taken where it is offered, unproved."""


class Mailer:
    """Hands in one letter at a time, each over a connection of its own. Without a server it is away."""

    def __init__(
        self,
        server: Server | None,
        sender: Address | None,
        *,
        timeout: float = _TIMEOUT,
        deadline: float = _DEADLINE,
    ) -> None:
        self._server = server
        self._sender = sender
        self._timeout = timeout
        self._deadline = deadline

    @classmethod
    def by(cls, settings: Settings) -> "Mailer":
        """By the operator's settings. Raises BadMail for an address of a server, or of ours, that is none."""
        if settings.smtp_url is None:
            return cls(None, None)
        server = _server(settings.smtp_url.get_secret_value())
        return cls(server, _sender(settings, is_near=not server.needs_tls))

    def __repr__(self) -> str:
        return f"Mailer({self._server!r})"

    @property
    def is_set_up(self) -> bool:
        return self._server is not None

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        html: str | None = None,
        attachment: tuple[str, bytes] | None = None,
    ) -> None:
        """Hand in a letter; `attachment` is a file's name and content.

        Raises MailAway and MailRefused, and ValueError for a line break in the address, the subject or the
        file's name, or for what is no address.
        """
        if self._server is None or self._sender is None:
            raise MailAway("SMTP_URL is not set")
        letter = _letter(self._sender, to, subject, text, html, attachment)
        await self._hand_in(self._server, self._sender, to, letter.as_bytes())

    async def _hand_in(self, server: Server, sender: Address, to: str, letter: bytes) -> None:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=sender.domain,  # the library would ask a name server
            timeout=self._timeout,
            use_tls=server.is_tls,
            start_tls=False if server.is_tls else server.needs_tls or None,
            validate_certs=server.needs_tls,
            # As bytes: it encodes a text as ASCII, and names all of it when it cannot.
            username=server.user.encode() if server.user else None,
            password=server.password.encode() if server.user else None,
        )
        try:
            async with asyncio.timeout(self._deadline):
                await client.connect()
                await client.sendmail(sender.addr_spec, [to], letter)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            answer = refused.recipients[0]
            raise _judged(answer.code, answer.message) from None
        except aiosmtplib.SMTPDataError as refused:
            raise _judged(refused.code, refused.message) from None
        except aiosmtplib.SMTPResponseException as refused:
            # Of the connection, of who we are, of our own address: nothing that the person could mend.
            raise MailAway(f"{type(refused).__name__} {refused.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailAway(type(error).__name__) from None
        else:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_QUIT)
        finally:
            client.close()


def _judged(code: int, words: str) -> MailProblem:
    said = f"{code} {clean(words)}"
    is_final = code >= 500 and code not in _OUR_FAULT
    return MailRefused(said) if is_final else MailAway(said)


def _letter(
    sender: Address, to: str, subject: str, text: str, html: str | None, attachment: tuple[str, bytes] | None
) -> EmailMessage:
    for name, value in (("address", to), ("subject", subject), ("file's name", (attachment or ("",))[0])):
        if _BREAKS.search(value):
            raise ValueError(f"a line break in the {name}")
    letter = EmailMessage(policy=_POLICY)
    letter["From"] = sender
    letter["To"] = _address("", to)
    letter["Subject"] = subject
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = make_msgid(domain=sender.domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text)
    if html is not None:
        letter.add_alternative(html, subtype="html")
    if attachment is not None:
        name, content = attachment
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        main, _, sub = kind.partition("/")
        letter.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return letter


def _server(url: str) -> Server:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadMail(_FORM) from None
    if not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise BadMail(_FORM)
    return Server(
        host=host,
        port=port,
        is_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        needs_tls=not _is_loopback(host),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sender(settings: Settings, *, is_near: bool) -> Address:
    """Whom letters are from; nobody's address does for a server of this machine."""
    if settings.mail_from is None:
        if not is_near:
            raise BadMail("MAIL_FROM is needed with SMTP_URL: the address that invoices are mailed from.")
        return Address(clean(settings.seller_name), "noreply", "localhost")
    name, spec = parseaddr(settings.mail_from)
    try:
        return _address(clean(name or settings.seller_name), spec)
    except EmailNotValidError:
        raise BadMail("MAIL_FROM looks like Price Tracker <invoices@example.com>.") from None


def _address(name: str, spec: str) -> Address:
    """Raises EmailNotValidError, which is a ValueError."""
    # Without SMTPUTF8, which few servers take.
    found = validate_email(spec, check_deliverability=False, allow_smtputf8=False)
    return Address(name, addr_spec=found.ascii_email or "")
