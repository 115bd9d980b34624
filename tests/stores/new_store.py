"""Scaffolds a store: `make new-store NAME=lamps URL=https://www.lamps.example/product/7`.

Its adapter, its name in the registry, two pages with what must be read from them, and its host among the
known ones. The pages are read right from the start; put the shop's own markup into them, and they tell what
is left.
"""

import json
import keyword
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tracker.fetching.known_stores import known_store
from tracker.stores.registry import ADAPTERS, store_of

ROOT = Path(__file__).parents[2]
REGISTRY = Path("tracker/stores/registry.py")
KNOWN_STORES = Path("tracker/fetching/known_stores.py")

ADAPTER = '''"""{title}: say here what is special about it, and which of its pages were seen."""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="{name}",
    selling=(".price-now",),
    listed=(".price-before",),
    sold_out=(".sold-out",),
    on_sale=(".add-to-cart",),
)

ADAPTER = Adapter(domains={{"{domain}": "{title}"}}, sources=(_MARKUP,))
'''
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Brass lamp | {title}</title></head>
<body>
<h1>Brass lamp</h1>
<span class="price-before">USD 65.00</span> <span class="price-now">USD 49.50</span>
{button}
<div class="similar"><span class="price-before">USD 12.00</span></div>
</body>
</html>
"""
BUTTONS = {
    "in_stock": '<button class="add-to-cart">Add to cart</button>',
    "out_of_stock": '<p class="sold-out">Sold out</p>',
}


class Refused(Exception):
    """Why nothing was scaffolded, in one sentence."""


def scaffold(name: str, url: str, root: Path = ROOT) -> list[Path]:
    """Writes a store's files below `root`, and returns them. Raises Refused before anything is written."""
    title = name.replace("_", " ").title()
    host = _host(url)
    domain = store_of(url).code.removeprefix("www.")
    _refuse_what_exists(name, domain, root)
    files = {Path(f"tracker/stores/shops/{name}.py"): ADAPTER.format(name=name, title=title, domain=domain)}
    for case, button in BUTTONS.items():
        expected = {
            "url": url,
            "outcome": "offer",
            "title": "Brass lamp",
            "price": "49.50",
            "currency": "USD",
            "list_price": "65.00",
            "availability": case,
        }
        page = Path(f"tests/pages/{name}/{case}")
        files[page.with_suffix(".html")] = PAGE.format(title=title, button=button)
        files[page.with_suffix(".json")] = json.dumps(expected, indent=2) + "\n"
    files[REGISTRY] = _registered(name, (root / REGISTRY).read_text(encoding="utf-8"))
    if known_store(host) is None:
        entry = f'    "{domain}": KnownStore("{host}"),\n'
        files[KNOWN_STORES] = _with_entry(entry, (root / KNOWN_STORES).read_text(encoding="utf-8"))
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return list(files)


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        raise Refused(f"{url or 'URL'} is not the address of a product's page.")
    return parts.hostname or ""


def _refuse_what_exists(name: str, domain: str, root: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise Refused(f"{name or 'NAME'} is no name for a module: small letters, digits and _ make one.")
    if (root / f"tracker/stores/shops/{name}.py").exists() or (root / f"tests/pages/{name}").exists():
        raise Refused(f"There is a store called {name} already.")
    if any(domain in adapter.domains for adapter in ADAPTERS):
        raise Refused(f"{domain} has an adapter already.")


def _registered(name: str, registry: str) -> str:
    """The registry's text with one more line in its list of shops, which is in the order of the alphabet."""
    before, opening, rest = registry.partition("_SHOPS = (\n")
    names, closing, after = rest.partition("\n)\n")
    lines = sorted([*names.splitlines(), f'    "{name}",'])
    return before + opening + "\n".join(lines) + closing + after


def _with_entry(entry: str, known_stores: str) -> str:
    before, opening, after = known_stores.partition("_STORES = {\n")
    return before + opening + entry + after


def main(arguments: list[str]) -> int:
    name, url = (*arguments, "", "")[:2]
    try:
        files = scaffold(name, url)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in files))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
