"""Argos. No page was seen, and nothing special is known: it rests on the generic reader."""

from tracker.stores.adapter import Adapter

ADAPTER = Adapter(domains={"argos.co.uk": "Argos"})
