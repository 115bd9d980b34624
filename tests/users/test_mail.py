"""The gateway to mail against the sandbox's server and against worse, over real sockets."""

import asyncio
import re
import shutil
import ssl
import subprocess
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email import message_from_bytes
from email.headerregistry import Address
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from email_validator import EmailNotValidError
from pydantic import SecretStr

from sandbox.mailbox import Mailbox
from tests.conftest import MakeSettings
from tests.services import free_port, missing
from tracker import clock
from tracker.users.mail import BadMail, MailAway, Mailer, MailProblem, MailRefused, Server

ASHA = "asha@home.example"
SENDER = Address("Price Tracker", addr_spec="invoices@pricetracker.example")
PDF = ("PT-26-1.pdf", b"%PDF-1.4 \x00\xff")
PASSWORD = "päss/wörd"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    async with mailbox.listening():
        yield mailbox


def mailer(url: str, *, needs_tls: bool = False, **limits: float) -> Mailer:
    parts = urlsplit(url)
    server = Server(host=parts.hostname or "", port=parts.port or 0, needs_tls=needs_tls)
    return Mailer(server, SENDER, **limits)


async def test_a_letter_arrives_with_its_words_and_its_document(mailbox: Mailbox) -> None:
    await mailer(mailbox.url).send(ASHA, "Rechnung ₹5", "Grüße\n.\nEnd", "<p>Grüße</p>", PDF)
    (mail,) = mailbox.mails
    assert (mail.sender, mail.recipients) == ("invoices@pricetracker.example", (ASHA,))
    message = mail.message
    assert message["From"] == "Price Tracker <invoices@pricetracker.example>"
    assert message["To"] == ASHA
    assert message["Subject"] == "Rechnung ₹5"
    assert abs((parsedate_to_datetime(message["Date"]) - clock.now()).total_seconds()) < 60
    assert re.fullmatch(r"<\S+@pricetracker\.example>", message["Message-ID"])
    assert mail.text.split() == ["Grüße", ".", "End"]
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Grüße</p>"
    assert mail.files == {PDF[0]: PDF[1]}
    assert max(mail.raw) < 128
    assert mailbox.commands[0] == "EHLO pricetracker.example"
    assert mailbox.commands[-1] == "QUIT"


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        pytest.param({ASHA: "550 no such person"}, MailRefused, id="nobody"),
        pytest.param({ASHA: "450 try later"}, MailAway, id="greylisted"),
        pytest.param({ASHA: "530 say who you are"}, MailAway, id="who-are-we"),
        pytest.param({"DATA": "554 not that letter"}, MailRefused, id="letter"),
        pytest.param({"DATA": "452 no room"}, MailAway, id="no-room"),
        pytest.param({"MAIL": "550 not from you"}, MailAway, id="our-address"),
        pytest.param({"EHLO": "421 gone", "HELO": "421 gone"}, MailAway, id="closing"),
        pytest.param({"EHLO": "nonsense"}, MailAway, id="no-smtp"),
    ],
)
async def test_a_refusal_is_final_when_it_is_about_the_address_or_the_letter(
    mailbox: Mailbox, answers: dict[str, str], problem: type[MailProblem]
) -> None:
    mailbox.answers = answers
    with pytest.raises(problem):
        await mailer(mailbox.url).send(ASHA, "Hello", "Hello")
    assert not mailbox.mails


async def test_a_server_that_is_not_there_is_away() -> None:
    with pytest.raises(MailAway):
        await mailer(f"smtp://127.0.0.1:{free_port()}").send(ASHA, "Hello", "Hello")


async def test_a_server_that_says_nothing_is_away(mailbox: Mailbox) -> None:
    mailbox.is_silent = True
    with pytest.raises(MailAway):
        await mailer(mailbox.url, timeout=0.05).send(ASHA, "Hello", "Hello")
    with pytest.raises(MailAway):
        await mailer(mailbox.url, deadline=0.05).send(ASHA, "Hello", "Hello")


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\x00", "\x85", "\u2028"])
async def test_no_header_can_be_smuggled_in(mailbox: Mailbox, line_break: str) -> None:
    smuggled = f"{line_break}Bcc: spy@elsewhere.example"
    gateway = mailer(mailbox.url)
    for to, subject, name in (
        (ASHA + smuggled, "Hello", "a.pdf"),
        (ASHA, "Hello" + smuggled, "a.pdf"),
        (ASHA, "Hello", "a.pdf" + smuggled),
    ):
        with pytest.raises(ValueError, match="line break"):
            await gateway.send(to, subject, "Hello", attachment=(name, b""))
    assert not mailbox.commands


@pytest.mark.parametrize(
    "to", ["", "asha", "a@b.example, c@d.example", "Asha <a@b.example>", "a b@c.example"]
)
async def test_what_is_no_address_is_not_asked_about(mailbox: Mailbox, to: str) -> None:
    with pytest.raises(EmailNotValidError):
        await mailer(mailbox.url).send(to, "Hello", "Hello")
    assert not mailbox.mails


async def test_nothing_is_said_over_an_open_line(mailbox: Mailbox) -> None:
    with pytest.raises(MailAway):
        await mailer(mailbox.url, needs_tls=True).send(ASHA, "Hello", "Hello")
    assert [line.split()[0] for line in mailbox.commands] == ["EHLO"]


class _Door:
    """Who may come in, by aiosmtpd."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes]] = []
        self.subjects: list[str] = []

    def __call__(
        self, _server: object, _session: object, _envelope: object, _by: str, told: Any
    ) -> AuthResult:
        self.seen.append((told.login, told.password))
        return AuthResult(success=told.password == PASSWORD.encode(), handled=False)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - its name
        self.subjects.append(str(message_from_bytes(envelope.content)["Subject"]))
        return "250 kept"


@asynccontextmanager
async def opened(door: _Door, **how: Any) -> AsyncIterator[int]:
    """The port on which aiosmtpd takes letters and names."""
    controller = Controller(
        door, hostname="127.0.0.1", port=free_port(), authenticator=door, auth_require_tls=False, **how
    )
    await asyncio.to_thread(controller.start)
    try:
        yield controller.port
    finally:
        await asyncio.to_thread(controller.stop)


@pytest.fixture(scope="module")
def of_nobody(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that it has signed itself."""
    program = shutil.which("openssl") or missing("no openssl on PATH")
    folder = tmp_path_factory.mktemp("certificate")
    options = "-x509 -newkey rsa:2048 -nodes -keyout key -out certificate -days 2 -subj /CN=localhost"
    subprocess.run([program, "req", *options.split()], check=True, cwd=folder, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


@pytest.mark.parametrize("is_tls", [False, True], ids=["starttls", "smtps"])
async def test_a_server_elsewhere_proves_who_it_is(of_nobody: ssl.SSLContext, is_tls: bool) -> None:
    door = _Door()
    how = {"ssl_context": of_nobody} if is_tls else {"tls_context": of_nobody, "require_starttls": True}
    async with opened(door, **how) as port:
        for needs_tls in (True, False):
            server = Server(host="127.0.0.1", port=port, is_tls=is_tls, needs_tls=needs_tls)
            with suppress(MailAway):
                await Mailer(server, SENDER).send(ASHA, f"needs TLS: {needs_tls}", "Hello")
    assert door.subjects == ["needs TLS: False"]


async def test_the_operators_name_and_password_are_told(settings: MakeSettings) -> None:
    door = _Door()
    async with opened(door) as port:
        url = SecretStr(f"smtp://me%40home:p%C3%A4ss%2Fw%C3%B6rd@127.0.0.1:{port}")
        await Mailer.by(settings(smtp_url=url)).send(ASHA, "Hello", "Hello")
    assert door.seen == [(b"me@home", PASSWORD.encode())]


async def test_no_error_holds_the_password(settings: MakeSettings) -> None:
    async with opened(_Door()) as port:
        gateway = Mailer.by(settings(smtp_url=SecretStr(f"smtp://me:s3cret@127.0.0.1:{port}")))
        with pytest.raises(MailAway) as failed:
            await gateway.send(ASHA, "Hello", "Hello")
    assert "535" in str(failed.value)
    shown = "".join(traceback.format_exception(failed.value)) + repr(gateway)
    assert "s3cret" not in shown
    assert "czNjcmV0" not in shown


async def test_without_a_server_it_is_away(settings: MakeSettings) -> None:
    gateway = Mailer.by(settings())
    assert not gateway.is_set_up
    with pytest.raises(MailAway):
        await gateway.send(ASHA, "Hello", "Hello")


async def test_nobodys_address_does_for_a_server_of_this_machine(
    mailbox: Mailbox, settings: MakeSettings
) -> None:
    gateway = Mailer.by(settings(smtp_url=SecretStr(mailbox.url), seller_name="Shop & Söhne"))
    assert gateway.is_set_up
    await gateway.send(ASHA, "Hello", "Hello")
    assert mailbox.mails[0].message["From"] == "Shop & Söhne <noreply@localhost>"


async def test_our_own_name_is_one_line(mailbox: Mailbox, settings: MakeSettings) -> None:
    chosen = settings(smtp_url=SecretStr(mailbox.url), mail_from="Us\r\nBcc: you <us@home.example>")
    await Mailer.by(chosen).send(ASHA, "Hello", "Hello")
    message = mailbox.mails[0].message
    assert (message["Bcc"], len(message.get_all("From", []))) == (None, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"smtp_url": "smtp://u:hidden@mail.example.com"}, "MAIL_FROM is needed"),
        ({"smtp_url": "http://u:hidden@mail.example.com", "mail_from": "a@b.example"}, "SMTP_URL looks"),
        ({"smtp_url": "smtp://u:hidden@:25", "mail_from": "a@b.example"}, "SMTP_URL looks"),
        ({"smtp_url": "smtp://u:hid/den@mail.example.com", "mail_from": "a@b.example"}, "SMTP_URL looks"),
        ({"smtp_url": "smtp://mail.example.com:hidden", "mail_from": "a@b.example"}, "SMTP_URL looks"),
        ({"smtp_url": "smtps://mail.example.com", "mail_from": "nobody"}, "MAIL_FROM looks"),
    ],
)
def test_settings_that_cannot_work_are_named_without_the_secret(
    settings: MakeSettings, given: dict[str, str], said: str
) -> None:
    with pytest.raises(BadMail, match=said) as refused:
        Mailer.by(settings(**given))
    assert "hidden" not in "".join(traceback.format_exception(refused.value))
