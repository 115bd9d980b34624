"""The one tree of errors that a person can be told about.

PriceTrackerError
├── BadLink              the text is no address that we can watch
├── FetchFailed          the page could not be had (refused, closed, slow, too large: one sentence for all)
├── NotReadable          the page was had, but holds no price that we trust
├── NotYours             the thing does not exist, or is somebody else's: the answer is the same
├── OverAllowance        the plan permits no more
└── BadInput             the words after a command, or an answer, cannot be understood

Each carries a text key and details; a door turns them into a sentence in the person's language.
"""

from typing import Any


class CannotStart(Exception):
    """A setting that an operator has to mend first; the text is the sentence that says so."""


class PriceTrackerError(Exception):
    """Carries `text_key`, a key of the text catalogue, and the details that its sentence names."""

    text_key = "error.unexpected"

    def __init__(self, text_key: str | None = None, **details: Any) -> None:
        self.text_key = text_key or self.text_key
        self.details = details
        super().__init__(self.text_key, details)


class BadLink(PriceTrackerError):
    text_key = "error.bad_link"


class FetchFailed(PriceTrackerError):
    text_key = "error.fetch_failed"


class NotReadable(PriceTrackerError):
    text_key = "error.not_readable"


class NotYours(PriceTrackerError):
    text_key = "error.not_yours"


class OverAllowance(PriceTrackerError):
    text_key = "error.over_allowance"


class BadInput(PriceTrackerError):
    text_key = "error.bad_input"
