"""What Razorpay signs for a browser: apart from the gateway, whose SDK the webhooks need not load."""

import hashlib
import hmac


def callback_is_signed(
    key_secret: str,
    link_id: str | None,
    reference: str | None,
    status: str | None,
    payment_id: str | None,
    signature: str | None,
) -> bool:
    """Whether Razorpay sent this payer back to us, in constant time; whatever is missing is not signed.

    Source: Razorpay payment links: hex HMAC-SHA256 of link|reference|status|payment under the key's secret.
    """
    if not (link_id and status and payment_id and signature):
        return False
    message = "|".join((link_id, reference or "", status, payment_id))
    right = hmac.new(
        key_secret.encode(), message.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()
    return hmac.compare_digest(right.encode(), signature.encode("utf-8", "surrogatepass"))
