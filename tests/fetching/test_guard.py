"""Fetches reach the public internet and nothing else. The ids are those of the threat list (S01 to S55)."""

import asyncio
import socket

import httpcore
import pytest

from tests.conftest import MakeSettings
from tests.fetching.conftest import MakeFetcher
from tests.fetching.internet import PUBLIC, SECRET, Internet, redirects, response, says
from tracker.errors import FetchFailed
from tracker.fetching.client import Fetcher, FetchProblem
from tracker.fetching.guard import GuardedNetwork, SystemResolver, is_public

PRIVATE = {
    "loopback": "127.0.0.1",
    "metadata": "169.254.169.254",
    "carrier": "100.100.100.200",
    "oracle": "192.0.0.192",
    "nat64": "64:ff9b::7f00:1",
    "sixtofour": "2002:7f00:1::",
    "compatible": "::127.0.0.1",
}

# id, link, redirect target or None. Names are resolved by the world below.
ATTACKS = {
    "S01-loopback": "http://127.0.0.1/",
    "S02-localhost": "http://localhost/",
    "S03-localhost-with-dot": "http://LOCALHOST./",
    "S04-decimal": "http://2130706433/",
    "S05-hex": "http://0x7f000001/",
    "S06-octal": "http://0177.0.0.1/",
    "S07-short": "http://127.1/",
    "S08-zero": "http://0/",
    "S09-unspecified": "http://0.0.0.0/",
    "S10-v6-loopback": "http://[::1]/",
    "S11-v6-mapped": "http://[::ffff:127.0.0.1]/",
    "S12-v6-mapped-hex": "http://[::ffff:7f00:1]/",
    "S13-v6-nat64": "http://[64:ff9b::7f00:1]/",
    "S14-v6-6to4": "http://[2002:7f00:1::]/",
    "S15-v6-compatible": "http://[::127.0.0.1]/",
    "S16-v6-siit": "http://[::ffff:0:7f00:1]/",
    "S17-v6-site-local": "http://[fec0::1]/",
    "S18-v6-aws-metadata": "http://[fd00:ec2::254]/",
    "S19-metadata": "http://169.254.169.254/latest/meta-data/",
    "S20-alibaba-metadata": "http://100.100.100.200/",
    "S21-oracle-metadata": "http://192.0.0.192/",
    "S22-ideographic-dots": "http://127。0。0。1/",
    "S23-circled-digits": "http://①②⑦.⓪.⓪.①/",
    "S24-credentials": "http://user@127.0.0.1/",
    "S25-backslash": "http://127.0.0.1\\@shop.example/",
    "S26-hash": "http://127.0.0.1#@shop.example/",
    "S27-name-of-loopback": "http://loopback.example/",
    "S28-name-of-metadata": "http://metadata.example/",
    "S29-name-of-carrier": "http://carrier.example/",
    "S30-name-of-nat64": "http://nat64.example/",
    "S31-name-of-6to4": "http://sixtofour.example/",
    "S32-name-of-compatible": "http://compatible.example/",
    "S33-name-of-oracle": "http://oracle.example/",
    "S34-mixed-public-first": "http://mixed-public-first.example/",
    "S35-mixed-private-first": "http://mixed-private-first.example/",
    "S37-redirect-to-loopback": "http://to-loopback.example/",
    "S38-redirect-to-decimal": "http://to-decimal.example/",
    "S39-redirect-without-scheme": "http://to-private-host.example/",
    "S40-redirect-to-metadata": "http://to-metadata.example/",
    "S41-redirect-to-private-name": "http://to-name.example/",
    "S42-redirect-to-file": "http://to-file.example/",
    "S43-redirect-to-redis-port": "http://to-port.example/",
    "S44-file": "file:///etc/passwd",
    "S45-gopher": "gopher://127.0.0.1:6379/_INFO",
    "S46-ftp": "ftp://shop.example/",
    "S47-port-of-ssh": "http://shop.example:22/",
    "S48-port-of-redis": "http://shop.example:6379/",
    "X01-docker-name": "http://redis/",
    "X02-docker-host": "http://host.docker.internal/",
    "X03-google-metadata": "http://metadata.google.internal/",
    "X04-onion": "http://shop.onion/",
    "X05-zone": "http://[fe80::1%25eth0]/",
    "X06-port-zero": "http://shop.example:0/",
    "X07-port-too-high": "http://shop.example:65536/",
    "X08-escaped-host": "http://127%2e0%2e0%2e1/",
    "X09-long-label": f"http://{'a' * 300}.example/",
    "X10-long-link": f"http://shop.example/{'a' * 2048}",
    "X11-newline": "http://shop.example/\r\nHost: inside",
    "X12-tab-in-scheme": "ht\ttp://127.0.0.1/",
    "X13-three-slashes": "http:///127.0.0.1/",
    "X14-no-slashes": "http:127.0.0.1/",
    "X15-azure-agent": "http://168.63.129.16/",
    "X16-broken-idna": "http://xn--zzzzzzzzzzzz99999.example/",
    "X17-short-hex": "http://0x7f.1/",
    "X18-multicast": "http://224.0.0.1/",
    "X19-future": "http://[3fff::1]/",
    "X20-mdns": "http://printer.local/",
    "X21-no-host": "http:///",
    "X22-empty": "",
    "X23-colons": "http://127.0.0.1:80:80/",
    "X24-bracket": "http://[::1/",
    "X25-v6-rest": "http://[::1]x/",
    "X27-v6-no-number": "http://[::g]/",
    "X26-password": "https://user:password@shop.example/",
}


@pytest.fixture
async def world(internet: Internet) -> Internet:
    await internet.site(says(response(b"a shop")))
    for word, address in PRIVATE.items():
        internet.name(f"{word}.example", [address])
    internet.name("mixed-public-first.example", [PUBLIC, "10.0.0.1"])
    internet.name("mixed-private-first.example", ["10.0.0.1", PUBLIC])
    for number, (word, target) in enumerate(
        {
            "loopback": "http://127.0.0.1/",
            "decimal": "http://2130706433/",
            "private-host": "//10.0.0.1/",
            "metadata": "http://169.254.169.254/",
            "name": "http://loopback.example/",
            "file": "file:///etc/passwd",
            "port": "http://shop.example:6379/",
        }.items()
    ):
        await internet.site(redirects(target), f"to-{word}.example", address=f"93.184.216.{100 + number}")
    return internet


@pytest.mark.parametrize("url", ATTACKS.values(), ids=ATTACKS.keys())
async def test_an_attack_reaches_nothing_inside(url: str, world: Internet, fetcher: MakeFetcher) -> None:
    with pytest.raises(FetchFailed) as caught:
        await fetcher().fetch(url)
    assert caught.value.text_key == "error.fetch_failed"
    assert caught.value.details["problem"] in {FetchProblem.REFUSED_ADDRESS, FetchProblem.BAD_LINK}
    assert all(address.startswith("93.184.216.") for address in world.dialled)


@pytest.mark.parametrize("url", ["http://shop.example/", "http://SHOP.example./", f"http://{PUBLIC}/"])
async def test_a_public_shop_is_reached(url: str, world: Internet, fetcher: MakeFetcher) -> None:
    assert (await fetcher().fetch(url)).body == b"a shop"


async def test_the_world_of_these_tests_would_show_a_leak(world: Internet) -> None:
    """S49: dialled without the guard, a private address answers here."""
    async with httpcore.AsyncConnectionPool(network_backend=world) as pool:
        assert (await pool.request("GET", "http://127.0.0.1/")).content == SECRET


async def test_a_name_is_dialled_at_the_address_that_was_checked(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    """S36: a name that is public when it is checked and private a moment later."""
    await internet.site(says(response(b"a shop", headers="Connection: close\r\n")))
    internet.name("rebinding.example", [PUBLIC], ["127.0.0.1"])
    client = fetcher()
    assert (await client.fetch("http://rebinding.example/")).body == b"a shop"
    assert internet.resolved == ["rebinding.example"]
    with pytest.raises(FetchFailed, match="fetch_failed"):
        await client.fetch("http://rebinding.example/")
    assert internet.dialled == [PUBLIC]


async def test_a_redirect_to_a_name_that_has_turned_private_is_refused(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    """S50: the first answer serves a redirect to itself, the second is a private address."""
    internet.name("rebinding.example", [PUBLIC], ["127.0.0.1"])
    body = response(
        b"",
        status="302 Found",
        headers="Location: http://rebinding.example/again\r\nConnection: close\r\n",
    )
    await internet.site(says(body), "rebinding.example")
    with pytest.raises(FetchFailed) as caught:
        await fetcher().fetch("http://rebinding.example/")
    assert caught.value.details["problem"] == FetchProblem.REFUSED_ADDRESS
    assert internet.dialled == [PUBLIC]


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "127.0.0.1", "::1", "loopback.example"]
)
async def test_the_dial_refuses_by_itself_what_the_reading_of_a_link_lets_through(
    host: str, internet: Internet
) -> None:
    internet.name("loopback.example", ["127.0.0.1"])
    network = guarded(internet)
    with pytest.raises(FetchFailed) as caught:
        await network.connect_tcp(host, 80)
    assert caught.value.details["problem"] == FetchProblem.REFUSED_ADDRESS
    assert internet.dialled == []


@pytest.mark.parametrize("port", [0, 22, 6379, 8080])
async def test_the_dial_refuses_ports_that_are_not_the_webs(port: int, internet: Internet) -> None:
    with pytest.raises(FetchFailed, match="fetch_failed"):
        await guarded(internet).connect_tcp(PUBLIC, port)
    assert internet.dialled == []


async def test_sockets_of_this_machine_are_never_opened(internet: Internet) -> None:
    with pytest.raises(FetchFailed, match="fetch_failed"):
        await guarded(internet).connect_unix_socket("/var/run/docker.sock")


@pytest.mark.parametrize(
    "address",
    """0.0.0.0 10.1.2.3 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255
    198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:8.8.8.8 ::ffff:0:808:808 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:1ff::1
    2001:db8::1 2002:808:808:: 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
    2600::1%eth0 fec0::1 ff02::1 localhost 1.2.3 1.2.3.4.5""".split(),
)
def test_this_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    """1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.1.1 198.17.0.1
    198.20.0.1 223.255.255.255 2001:200::1 2400:cb00::1 2606:4700::1111 2a00:1450::1""".split(),
)
def test_this_address_is_public(address: str) -> None:
    assert is_public(address)


async def test_an_allowed_host_and_port_may_be_private(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response(b"the demo's shop")), "demo", address="127.0.0.1", port=8088)
    client = fetcher(fetch_allow_private="demo:8088")
    assert (await client.fetch("http://DEMO:8088/kettle")).body == b"the demo's shop"


@pytest.mark.parametrize(
    "url", ["http://demo:8089/", "http://demo/", "http://127.0.0.1:8088/", "http://other.example:8088/"]
)
async def test_an_allowed_host_and_port_allows_no_other(
    url: str, internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response()), "demo", address="127.0.0.1", port=8088)
    internet.name("other.example", ["127.0.0.1"])
    with pytest.raises(FetchFailed) as caught:
        await fetcher(fetch_allow_private="demo:8088").fetch(url)
    assert caught.value.details["problem"] == FetchProblem.REFUSED_ADDRESS
    assert internet.dialled == []


async def test_an_allowed_ipv6_address_is_written_in_brackets(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(b"six")), "unused", address="::1", port=8088)
    assert (await fetcher(fetch_allow_private="[::1]:8088").fetch("http://[::1]:8088/")).body == b"six"


async def test_the_next_address_is_dialled_when_the_first_is_silent(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(b"a shop")), address="93.184.216.35")
    internet.silent.add(PUBLIC)
    internet.name("shop.example", ["2606:4700::1111", PUBLIC, "93.184.216.35"])
    assert (await fetcher().fetch("http://shop.example/")).body == b"a shop"
    assert internet.dialled == [PUBLIC, "93.184.216.35"]


async def test_a_host_that_is_silent_at_every_address_is_a_failed_connection(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    answers = [f"93.184.216.{last}" for last in range(40, 50)]
    internet.silent.update(answers)
    internet.name("shop.example", answers)
    with pytest.raises(FetchFailed) as caught:
        await fetcher().fetch("http://shop.example/")
    assert caught.value.details["problem"] == FetchProblem.CONNECT
    assert internet.dialled == answers[:3]


async def test_a_name_without_an_address_is_unresolvable(internet: Internet, fetcher: MakeFetcher) -> None:
    internet.name("empty.example", [])
    for url in ("http://unknown.example/", "http://empty.example/"):
        with pytest.raises(FetchFailed) as caught:
            await fetcher().fetch(url)
        assert caught.value.details["problem"] == FetchProblem.UNRESOLVABLE


async def test_a_slow_name_server_is_not_waited_for(internet: Internet, settings: MakeSettings) -> None:
    asked = asyncio.Event()

    async def slow(host: str, port: int) -> list[str]:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError("never answers")

    network = GuardedNetwork(
        resolver=slow, network=internet, allowed=frozenset(), resolve_seconds=0.05, head_bytes=1000
    )
    with pytest.raises(FetchFailed) as caught:
        await network.connect_tcp("shop.example", 80)
    assert asked.is_set()
    assert caught.value.details["problem"] == FetchProblem.UNRESOLVABLE


async def test_the_systems_resolver_finds_this_machine_and_the_guard_refuses_it(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = SystemResolver()
    assert "127.0.0.1" in await resolver("localhost", 80)
    resolver.close()

    def inside(host: str, *arguments: object, **options: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    client = Fetcher(settings())
    with pytest.raises(FetchFailed) as caught:
        await client.fetch("http://anything.example/")
    await client.close()
    assert caught.value.details["problem"] == FetchProblem.REFUSED_ADDRESS


def guarded(internet: Internet) -> GuardedNetwork:
    return GuardedNetwork(
        resolver=internet.resolve,
        network=internet,
        allowed=frozenset(),
        resolve_seconds=2,
        head_bytes=1000,
    )
