"""The sandbox's mail server, spoken to by Python's own client and line by line, and its pages."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from sandbox.mailbox import Mailbox
from tests.serving import run_app

ASHA = "asha@home.example"


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = Mailbox(largest=20_000)
    async with mailbox.listening():
        yield mailbox


def letter(text: str = "Hello\n.\n..two dots\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@pricetracker.example>"
    message["To"] = ASHA
    message["Subject"] = "Ça coûte ₹5"
    message.set_content(text)
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="one.pdf")
    return message


def _hand_in(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    with smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=5) as client:
        client.send_message(message)


async def hand_in(mailbox: Mailbox, message: EmailMessage) -> None:
    await asyncio.to_thread(_hand_in, mailbox.url, message)


async def talk(mailbox: Mailbox, *lines: str) -> list[str]:
    """The answers to each line, after the greeting."""
    parts = urlsplit(mailbox.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    answers = []
    try:
        assert await reader.readline() == b"220 sandbox ready\r\n"
        for line in lines:
            writer.write(line.encode() + b"\r\n")
            answer = await reader.readline()
            while answer[3:4] == b"-":
                answer = await reader.readline()
            answers.append(answer.decode().strip())
    finally:
        writer.close()
        await writer.wait_closed()
    return answers


async def test_a_letter_is_kept_as_it_was_handed_in(mailbox: Mailbox) -> None:
    await hand_in(mailbox, letter())
    mail = await mailbox.holds(lambda mail: ASHA in mail.recipients)
    assert (mail.sender, mail.recipients) == ("shop@pricetracker.example", (ASHA,))
    assert mail.message["Subject"] == "Ça coûte ₹5"
    assert mail.text.splitlines() == ["Hello", ".", "..two dots"]
    assert mail.files == {"one.pdf": b"%PDF-"}


async def test_the_letters_can_be_read_over_http(mailbox: Mailbox) -> None:
    async with (
        run_app(Starlette(routes=mailbox.routes())) as origin,
        httpx.AsyncClient(base_url=origin, trust_env=False) as client,
    ):
        assert (await client.get("/sandbox/mail")).json() == {"mails": []}
        await hand_in(mailbox, letter("first"))
        await hand_in(mailbox, letter("<script>second</script>"))
        newest, oldest = (await client.get("/sandbox/mail")).json()["mails"]
        assert (newest["id"], oldest["id"]) == (2, 1)
        assert newest["from"] == "Shop <shop@pricetracker.example>"
        assert newest["to"] == [ASHA]
        assert newest["subject"] == "Ça coûte ₹5"
        assert newest["text"].strip() == "<script>second</script>"
        assert newest["files"] == ["one.pdf"]
        shown = await client.get("/sandbox/mail/2")
        assert shown.headers["content-type"].startswith("text/plain")
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert 'filename="one.pdf"' in shown.text
        assert (await client.get("/sandbox/mail/3")).status_code == 404


async def test_a_letter_that_is_too_large_is_not_kept(mailbox: Mailbox) -> None:
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        await hand_in(mailbox, letter("x" * 30_000))
    assert refused.value.smtp_code == 552
    assert not mailbox.mails
    answers = await talk(
        mailbox, "HELO me", "MAIL FROM:<a@b.example>", f"RCPT TO:<{ASHA}>", "DATA", "x" * 1_000 + "\r\n."
    )
    assert answers[-1].startswith("250 kept")
    many = "\r\n".join(["x" * 1_000] * 30)
    answers = await talk(
        mailbox, "HELO me", "MAIL FROM:<a@b.example>", f"RCPT TO:<{ASHA}>", "DATA", many + "\r\n.", "NOOP"
    )
    assert [answer[:3] for answer in answers] == ["250", "250", "250", "354", "552", "250"]
    assert len(mailbox.mails) == 1


async def test_what_is_out_of_order_or_not_spoken_is_refused(mailbox: Mailbox) -> None:
    answers = await talk(
        mailbox,
        "RCPT TO:<a@b.example>",
        "DATA",
        "MAIL somebody",
        "MAIL FROM:<>",
        "RCPT TO:<>",
        "RCPT TO:<a@b.example>",
        "RSET",
        "DATA",
        "EXPN all",
        "QUIT",
    )
    assert [answer[:3] for answer in answers] == "503 503 501 250 501 250 250 503 502 221".split()
    assert await talk(mailbox, "NOOP " + "x" * 5_000) == ["500 that line is too long"]


async def test_it_tells_what_a_test_wants_it_to(mailbox: Mailbox) -> None:
    mailbox.answers = {ASHA: "550 no such person", "NOOP": "421 gone"}
    answers = await talk(mailbox, "HELO me", "MAIL FROM:<a@b.example>", f"RCPT TO:<{ASHA}>", "NOOP")
    assert answers == ["250 sandbox", "250 noted", "550 no such person", "421 gone"]
