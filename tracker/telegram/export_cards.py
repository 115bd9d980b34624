"""What is said below a file that was asked for."""

from tracker.admin.exports import Wanted, What
from tracker.telegram.cards import Card, joined
from tracker.texts import Language

_TITLES = {
    What.USERS: "export.users",
    What.PAYMENTS: "export.payments",
    What.INVOICES: "export.invoices",
    What.GST: "export.gst",
}


def done(language: Language, wanted: Wanted, rows: int, *, is_cut: bool) -> Card:
    month = wanted.month or language.plain("export.all")
    lines = [language.count("export.done", rows, what=language.plain(_TITLES[wanted.what]), month=month)]
    if is_cut:
        lines.append(language("export.cut"))
    return Card(joined(lines))
