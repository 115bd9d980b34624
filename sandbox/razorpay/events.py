"""The bodies of webhooks, with the quirks of Razorpay's samples: each event has its own shape of a payment.

Link events name no `entity`, carry the order's id without its prefix and the link's creation as their own
`created_at`; payments of subscriptions have `captured` as a string; the first charge of a subscription comes
without `created_at` at the top; a card payment calls itself captured whatever became of it.
Source: Razorpay webhooks, sample payloads.
"""

from typing import Any

from sandbox.razorpay import bodies
from sandbox.razorpay.state import (
    DAY,
    Customer,
    Dispute,
    Invoice,
    Json,
    Link,
    Order,
    Payment,
    Refund,
    State,
    Subscription,
    now,
)


class Events:
    """Makes the events of one account."""

    def __init__(self, state: State, key_id: str) -> None:
        self._state = state
        self._key_id = key_id

    def payment(self, name: str, payment: Payment) -> Json:
        """payment.authorized, payment.captured or payment.failed."""
        body = bodies.core_payment(payment) | bodies.error_of_payment(payment)
        body["acquirer_data"] = _acquirer_data(payment)
        if payment.method == "card":
            body |= {
                "amount_transferred": 0,
                "captured": True,
                "card": _card(payment, iin="999999", sub_type="consumer"),
                "token_id": payment.token_id,
                "error_code": body["error_code"] or "",
                "error_description": body["error_description"] or "",
            }
            return self._event(name, payment=body)
        if payment.method == "upi":
            body["upi"] = bodies.upi(payment)
        if name == "payment.captured":
            body |= {"base_amount": payment.amount, "amount_transferred": 0}
        return self._event(name, payment=body)

    def order_paid(self, order: Order, payment: Payment) -> Json:
        return self._event("order.paid", payment=_with_card(payment), order=bodies.order(order))

    def link(self, name: str, link: Link, short_url: str, payment: Payment | None = None) -> Json:
        """payment_link.paid, with its payment, or payment_link.cancelled or payment_link.expired."""
        payload = {"payment_link": self._link(link, short_url)}
        if payment is not None:
            payload["order"] = self._order_of_link(self._state.orders[payment.order_id], link)
            payload["payment"] = _payment_of_link(payment, link)
        return self._event(name, at=link.created_at, **payload)

    def subscription(self, name: str, subscription: Subscription, payment: Payment | None = None) -> Json:
        body = bodies.subscription(subscription, "") | {"short_url": None}
        body["customer_id"] = subscription.customer.id if subscription.customer else None
        if name != "subscription.authenticated" and not (
            name == "subscription.activated" and payment is None
        ):
            body["type"] = 2
        if name in ("subscription.paused", "subscription.resumed"):
            body["payment_method"] = subscription.method
            body["pause_initiated_by"] = "self" if subscription.status == "paused" else None
            body["cancel_initiated_by"] = None
        if payment is None:
            return self._event(name, subscription=body)
        event = self._event(name, subscription=body, payment=_payment_of_subscription(payment))
        if name == "subscription.activated":
            event["contains"] = ["subscription"]
            event["payload"]["created_at"] = event.pop("created_at")
        return event

    def invoice_paid(self, invoice: Invoice, payment: Payment, short_url: str) -> Json:
        order = bodies.order(self._state.orders[invoice.order_id])
        number = invoice.id.removeprefix("inv_")
        return self._event(
            "invoice.paid",
            payment=_with_card(payment),
            order=order | {"offers": bodies.collection([]), "receipt": number},
            invoice=self._invoice(invoice, short_url),
        )

    def refund(self, name: str, refund: Refund) -> Json:
        """refund.created, refund.processed or refund.failed, with the payment as it is now."""
        payment = self._state.payments[refund.payment_id]
        body = _plain_payment(payment) | {"acquirer_data": _acquirer_data(payment)}
        return self._event(name, refund=bodies.refund(refund), payment=body)

    def dispute(self, dispute: Dispute) -> Json:
        """payment.dispute.<its state>; where action is required, the evidence lies beside the entity."""
        body = _plain_payment(self._state.payments[dispute.payment_id])
        if dispute.state in ("created", "action_required"):
            body["acquirer_data"] = {}
        about, evidence = _dispute(dispute), _evidence(dispute)
        if dispute.state != "action_required":
            about["evidence"] = evidence
        event = self._event(f"payment.dispute.{dispute.state}", payment=body, dispute=about)
        if dispute.state == "action_required":
            event["payload"]["dispute"]["evidence"] = evidence
        return event

    def _event(self, name: str, *, at: int | None = None, **entities: Json) -> Json:
        return {
            "entity": "event",
            "account_id": f"acc_{self._state.merchant_id}",
            "event": name,
            "contains": list(entities),
            "payload": {kind: {"entity": body} for kind, body in entities.items()},
            "created_at": now() if at is None else at,
        }

    def _link(self, link: Link, short_url: str) -> Json:
        body = bodies.link(link, self._state, short_url)
        del body["payments"]
        return body | {
            "notes": link.notes or None,
            "notify": body["notify"] | {"whatsapp": False},
            "reminders": {"status": "failed"},
            "whatsapp_link": False,
        }

    def _order_of_link(self, order: Order, link: Link) -> Json:
        body: Json = dict.fromkeys(f"reference{number}" for number in range(2, 9))
        body |= dict.fromkeys(
            (
                "account_number",
                "bank",
                "bank_account",
                "checkout_config_id",
                "customer_id",
                "first_payment_min_amount",
                "force_offer",
                "late_auth_config_id",
                "payer_name",
                "provider_context",
                "public_response",
                "source",
                "transfers",
            )
        )
        return body | {
            "amount": order.amount,
            "amount_due": max(order.amount - order.paid, 0),
            "amount_paid": order.paid,
            "app_offer": False,
            "attempts": order.attempts,
            "authorized": True,
            "created_at": order.created_at,
            "currency": order.currency,
            "discount": False,
            "id": order.id.removeprefix("order_"),
            "merchant_id": self._state.merchant_id,
            "method": "upi" if link.upi_link else None,
            "notes": order.notes or [],
            "offers": {},
            "order_metas": [],
            "order_relationships": [],
            "partial_payment": link.accept_partial,
            "payment_capture": True,
            "product_id": link.id.removeprefix("plink_"),
            "product_type": "payment_link_v2",
            "public_key": self._key_id,
            "receipt": order.receipt,
            "status": order.status,
            "updated_at": order.updated_at,
        }

    def _invoice(self, invoice: Invoice, short_url: str) -> Json:
        """The webhook's invoice is that of the Invoices product: it does not name its subscription."""
        body = bodies.invoice(invoice, short_url)
        for name in ("subscription_id", "line_items", "currency_symbol"):
            del body[name]
        customer = invoice.subscription.customer or Customer()
        body["customer_details"] = {
            "id": customer.id,
            "name": "Asha",
            "email": customer.email,
            "contact": customer.contact,
            "gstin": "",
            "billing_address": _address(invoice.id),
            "shipping_address": _address(invoice.id),
            "customer_name": "Asha",
            "customer_email": customer.email,
            "customer_contact": customer.contact,
        }
        return body | {
            "receipt": invoice.id.removeprefix("inv_"),
            "invoice_number": invoice.id.removeprefix("inv_"),
            "expire_by": invoice.issued_at + 30 * DAY,
            "sms_status": "sent",
            "email_status": "sent",
            "terms": "",
            "description": "",
            "comment": "",
            "first_payment_min_amount": None,
            "supply_state_code": "29",
            "user_id": "",
        }


def _acquirer_data(payment: Payment) -> Json:
    return {name: value for name, value in bodies.acquirer_data(payment).items() if name != "arn"}


def _card(payment: Payment, **more: Any) -> Json:
    return {
        "id": payment.card_id,
        "entity": "card",
        "name": "Asha",
        "last4": "1111",
        "network": "Visa",
        "type": "debit",
        "issuer": "HDFC",
        "international": False,
        "emi": False,
    } | more


def _with_card(payment: Payment) -> Json:
    body = bodies.core_payment(payment)
    return body | {"card": _card(payment)} if payment.method == "card" else body


def _plain_payment(payment: Payment) -> Json:
    return (
        bodies.core_payment(payment)
        | bodies.error_of_payment(payment)
        | {"base_amount": payment.amount, "amount_transferred": 0}
    )


def _payment_of_link(payment: Payment, link: Link) -> Json:
    body = _plain_payment(payment) | {
        "acquirer_data": _acquirer_data(payment),
        "card": _card(payment) if payment.method == "card" else None,
        "fee_bearer": "platform",
    }
    if payment.method == "upi":
        body["upi"] = {name: value for name, value in bodies.upi(payment).items() if name != "flow"}
    if link.upi_link:
        body |= {"amount_captured": None, "provider": None, "reward": None}
    return body


def _payment_of_subscription(payment: Payment) -> Json:
    body = bodies.core_payment(payment) | {
        "amount_transferred": 0,
        "captured": "1",
        "customer_id": payment.customer.id,
        "token_id": None,
    }
    if payment.method == "card":
        body["card"] = _card(payment, expiry_month=12, expiry_year=2031)
    return body


def _address(invoice_id: str) -> Json:
    return {
        "id": f"addr_{invoice_id.removeprefix('inv_')}",
        "type": "billing_address",
        "primary": True,
        "line1": "1 Demo Road",
        "line2": "",
        "zipcode": "560001",
        "city": "Bengaluru",
        "state": "Karnataka",
        "country": "in",
    }


_DISPUTE_STATUS = {"created": "open", "action_required": "open"}


def _dispute(dispute: Dispute) -> Json:
    return {
        "id": dispute.id,
        "entity": "dispute",
        "payment_id": dispute.payment_id,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "amount_deducted": dispute.amount if dispute.state == "lost" else 0,
        "reason_code": "goods_or_services_not_received_or_partially_received",
        "respond_by": dispute.respond_by,
        "status": _DISPUTE_STATUS.get(dispute.state, dispute.state),
        "phase": "chargeback",
        "created_at": dispute.created_at,
    }


def _evidence(dispute: Dispute) -> Json:
    """Documents lie with a dispute that was contested."""
    contested = dispute.state in ("under_review", "action_required", "won")
    proof = [f"doc_{dispute.id.removeprefix('disp_')}"]
    return {
        "amount": dispute.amount,
        "summary": "The plan was in use." if contested else None,
        "shipping_proof": proof if contested else None,
        "billing_proof": proof if contested else None,
        "cancellation_proof": None,
        "customer_communication": None,
        "proof_of_service": None,
        "explanation_letter": None,
        "refund_confirmation": None,
        "access_activity_log": None,
        "refund_cancellation_policy": None,
        "term_and_conditions": None,
        "others": [{"type": "receipt_signed_by_customer", "document_ids": proof}] if contested else None,
        "submitted_at": now() if contested and dispute.state != "action_required" else None,
    }
