"""Money as whole minor units and an ISO 4217 currency; never a float."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217, "minor unit" column. Every currency that is not listed has two decimals.
_NO_DECIMALS = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF XTR".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_FOUR_DECIMALS = frozenset("CLF UYW".split())
_CODE = re.compile(r"[A-Z]{3}")

MAX_MINOR = 10**15
"""No amount is larger: it fits BIGINT with room for sums, and no shop asks for more."""


def exponent(currency: str) -> int:
    """How many decimals the currency has: INR 2, JPY 0, KWD 3. Source: ISO 4217."""
    if currency in _NO_DECIMALS:
        return 0
    if currency in _THREE_DECIMALS:
        return 3
    return 4 if currency in _FOUR_DECIMALS else 2


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (paise, cents) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.currency):
            raise ValueError(f"not an ISO 4217 code: {self.currency!r}")
        if abs(self.minor) > MAX_MINOR:
            raise ValueError("the amount is too large")

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """From major units, rounded half up to the currency's decimals.

        Raises ValueError for NaN, infinities and amounts beyond `MAX_MINOR`; the size is judged before any
        conversion, since int(Decimal("1E+9999999")) does not return.
        """
        if not amount.is_finite() or amount.adjusted() > 15:
            raise ValueError("not an amount of money")
        quantum = Decimal(1).scaleb(-exponent(currency))
        return cls(int(amount.quantize(quantum, ROUND_HALF_UP).scaleb(exponent(currency))), currency)

    @property
    def amount(self) -> Decimal:
        """In major units: Money(149900, "INR").amount == Decimal("1499.00")."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same_currency(other)
        return self.minor <= other.minor

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not compare")
