"""What the API answers with, field for field as in Razorpay's samples.

Source: Razorpay API reference; the bodies of payment links are those of the mocks in its Python SDK.
"""

from collections.abc import Iterable

from sandbox.razorpay.state import (
    Customer,
    Invoice,
    Json,
    Link,
    Order,
    Payment,
    Plan,
    Refund,
    State,
    Subscription,
)

_VPA = "asha@exampleupi"


def collection(items: Iterable[Json]) -> Json:
    listed = list(items)
    return {"entity": "collection", "count": len(listed), "items": listed}


def link(link: Link, state: State, short_url: str, *, listed: bool = False) -> Json:
    """`payments` is null until there is one, and a list in listings and in what is over."""
    payments = [_payment_of_link(state.payments[each]) for each in link.payments]
    body: Json = {
        "accept_partial": link.accept_partial,
        "amount": link.amount,
        "amount_paid": link.amount_paid,
        "cancelled_at": link.cancelled_at,
        "created_at": link.created_at,
        "currency": link.currency,
        "customer": link.customer,
        "description": link.description,
        "expire_by": link.expire_by,
        "expired_at": link.expired_at,
        "first_min_partial_amount": link.first_min_partial_amount,
        "id": link.id,
        "notes": link.notes or ([] if listed else None),
        "notify": {"email": link.notify.get("email", False), "sms": link.notify.get("sms", False)},
        "payments": payments or ([] if listed or link.status != "created" else None),
        "reference_id": link.reference_id,
        "reminder_enable": link.reminder_enable,
        "reminders": {"status": "in_progress"} if link.reminder_enable else [],
        "short_url": short_url,
        "status": link.status,
        "updated_at": link.updated_at,
        "upi_link": link.upi_link,
        "user_id": "",
    }
    return body | order_of_link(link) | callback_of_link(link)


def order_of_link(link: Link) -> Json:
    """A link has an order from the first attempt to pay it."""
    return {"order_id": link.order_id} if link.order_id else {}


def callback_of_link(link: Link) -> Json:
    return {"callback_method": "get", "callback_url": link.callback_url} if link.callback_url else {}


def _payment_of_link(payment: Payment) -> Json:
    return {
        "amount": payment.amount,
        "created_at": payment.created_at,
        "method": payment.method,
        "payment_id": payment.id,
        "status": "captured",
    }


def plan(plan: Plan) -> Json:
    return {
        "id": plan.id,
        "entity": "plan",
        "interval": plan.interval,
        "period": plan.period,
        "item": {
            "id": plan.item_id,
            "active": True,
            "name": plan.name,
            "description": plan.description,
            "amount": plan.amount,
            "unit_amount": plan.amount,
            "currency": plan.currency,
            "type": "plan",
            "unit": None,
            "tax_inclusive": False,
            "hsn_code": None,
            "sac_code": None,
            "tax_rate": None,
            "tax_id": None,
            "tax_group_id": None,
            "created_at": plan.created_at,
            "updated_at": plan.created_at,
        },
        "notes": plan.notes or [],
        "created_at": plan.created_at,
    }


def subscription(subscription: Subscription, short_url: str) -> Json:
    """As fetched; `customer_id` appears with the authorisation."""
    customer = subscription.customer
    body: Json = {
        "id": subscription.id,
        "entity": "subscription",
        "plan_id": subscription.plan.id,
        "status": subscription.status,
        "current_start": subscription.current_start,
        "current_end": subscription.current_end,
        "ended_at": subscription.ended_at,
        "quantity": subscription.quantity,
        "notes": subscription.notes or [],
        "charge_at": subscription.charge_at,
        "start_at": subscription.start_at,
        "end_at": subscription.end_at,
        "auth_attempts": subscription.auth_attempts,
        "total_count": subscription.total_count,
        "paid_count": subscription.paid_count,
        "customer_notify": subscription.customer_notify,
        "created_at": subscription.created_at,
        "expire_by": subscription.expire_by,
        "short_url": short_url,
        "has_scheduled_changes": False,
        "change_scheduled_at": None,
        "source": "api",
        "offer_id": None,
        "remaining_count": subscription.remaining_count,
    }
    return body if customer is None else body | {"customer_id": customer.id}


def new_subscription(new: Subscription, short_url: str) -> Json:
    body = subscription(new, short_url)
    del body["offer_id"]
    return body | {"customer_email": None}


def paused_or_resumed(changed: Subscription, short_url: str) -> Json:
    body = subscription(changed, short_url)
    body.pop("customer_id", None)
    by = "self" if changed.status == "paused" else None
    return body | {"paused_at": changed.paused_at, "pause_initiated_by": by}


def acquirer_data(payment: Payment) -> Json:
    """What the bank says of it: digits that follow from the id, so that they do not change."""
    digits = "".join(str(ord(letter) % 10) for letter in payment.id.removeprefix("pay_"))
    failed = payment.status == "failed"
    match payment.method:
        case "upi":
            return {"rrn": None if failed else digits[:12]}
        case "netbanking":
            return {"bank_transaction_id": None if failed else digits[:7]}
    return {"auth_code": None if failed else digits[:6], "arn": None, "rrn": None if failed else digits[:12]}


def upi(payment: Payment) -> Json:
    return {"payer_account_type": "bank_account", "vpa": _VPA, "flow": "intent"}


def core_payment(payment: Payment) -> Json:
    """The fields that every shape of a payment has."""
    failed = payment.status == "failed"
    return {
        "id": payment.id,
        "entity": "payment",
        "amount": payment.amount,
        "currency": payment.currency,
        "status": payment.status,
        "order_id": payment.order_id,
        "invoice_id": payment.invoice_id,
        "international": False,
        "method": payment.method,
        "amount_refunded": payment.refunded,
        "refund_status": payment.refund_status,
        "captured": payment.captured,
        "description": payment.description,
        "card_id": payment.card_id,
        "bank": "HDFC" if payment.method == "netbanking" else None,
        "wallet": None,
        "vpa": _VPA if payment.method == "upi" else None,
        "email": payment.customer.email,
        "contact": payment.customer.contact,
        "notes": payment.notes or [],
        "fee": payment.fee,
        "tax": payment.tax,
        "error_code": "BAD_REQUEST_ERROR" if failed else None,
        "error_description": "Payment failed" if failed else None,
        "created_at": payment.created_at,
    }


def error_of_payment(payment: Payment) -> Json:
    failed = payment.status == "failed"
    return {
        "error_source": "issuer" if failed else None,
        "error_step": "payment_authorization" if failed else None,
        "error_reason": "payment_failed" if failed else None,
    }


def payment(payment: Payment) -> Json:
    body = core_payment(payment) | error_of_payment(payment) | {"acquirer_data": acquirer_data(payment)}
    match payment.method:
        case "upi":
            body["upi"] = upi(payment)
        case "card":
            body |= {"customer_id": payment.customer.id, "token_id": payment.token_id}
    return body


def order(order: Order) -> Json:
    return {
        "id": order.id,
        "entity": "order",
        "amount": order.amount,
        "amount_paid": order.paid,
        "amount_due": max(order.amount - order.paid, 0),
        "currency": order.currency,
        "receipt": order.receipt,
        "offer_id": None,
        "status": order.status,
        "attempts": order.attempts,
        "notes": order.notes or [],
        "created_at": order.created_at,
    }


def refund(refund: Refund) -> Json:
    return {
        "id": refund.id,
        "entity": "refund",
        "amount": refund.amount,
        "receipt": refund.receipt,
        "currency": refund.currency,
        "payment_id": refund.payment_id,
        "notes": refund.notes or [],
        "acquirer_data": {"arn": None},
        "created_at": refund.created_at,
        "batch_id": None,
        "status": refund.status,
        "speed_processed": "normal",
        "speed_requested": refund.speed,
    }


def invoice(invoice: Invoice, short_url: str) -> Json:
    customer = invoice.subscription.customer or Customer()
    paid = invoice.paid_at is not None
    return {
        "id": invoice.id,
        "entity": "invoice",
        "receipt": None,
        "invoice_number": None,
        "customer_id": customer.id,
        "customer_details": {
            "id": customer.id,
            "name": None,
            "email": customer.email,
            "contact": customer.contact,
            "gstin": None,
            "billing_address": None,
            "shipping_address": None,
            "customer_name": None,
            "customer_email": customer.email,
            "customer_contact": customer.contact,
        },
        "order_id": invoice.order_id,
        "subscription_id": invoice.subscription.id,
        "line_items": [_line_item(invoice, *each) for each in invoice.items],
        "payment_id": invoice.payment_id,
        "status": invoice.status,
        "expire_by": None,
        "issued_at": invoice.issued_at,
        "paid_at": invoice.paid_at,
        "cancelled_at": None,
        "expired_at": None,
        "sms_status": None,
        "email_status": None,
        "date": invoice.issued_at,
        "terms": None,
        "partial_payment": False,
        "gross_amount": invoice.amount,
        "tax_amount": 0,
        "taxable_amount": invoice.amount,
        "amount": invoice.amount,
        "amount_paid": invoice.amount if paid else 0,
        "amount_due": 0 if paid else invoice.amount,
        "currency": invoice.currency,
        "currency_symbol": "₹" if invoice.currency == "INR" else invoice.currency,
        "description": None,
        "notes": [],
        "comment": None,
        "short_url": short_url,
        "view_less": True,
        "billing_start": invoice.billing_start,
        "billing_end": invoice.billing_end,
        "type": "invoice",
        "group_taxes_discounts": False,
        "created_at": invoice.issued_at,
        "idempotency_key": None,
    }


def _line_item(invoice: Invoice, name: str, amount: int, kind: str) -> Json:
    return {
        "id": f"li_{invoice.id.removeprefix('inv_')}",
        "item_id": None,
        "ref_id": None,
        "ref_type": None,
        "name": name,
        "description": None,
        "amount": amount,
        "unit_amount": amount,
        "gross_amount": amount,
        "tax_amount": 0,
        "taxable_amount": amount,
        "net_amount": amount,
        "currency": invoice.currency,
        "type": kind,
        "tax_inclusive": False,
        "hsn_code": None,
        "sac_code": None,
        "tax_rate": None,
        "unit": None,
        "quantity": 1,
        "taxes": [],
    }
