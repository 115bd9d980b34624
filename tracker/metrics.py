"""Every metric of the service, declared once; the doors count, `/metrics` shows."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

checks = Counter("checks_total", "Checks of a listing, by how they ended.", ["store", "outcome"])
check_seconds = Histogram(
    "check_seconds",
    "From the start of a check to its record.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30),
)
alerts = Counter("alerts_total", "Alerts, by the state that they reached.", ["state"])
alert_latency_seconds = Histogram(
    "alert_latency_seconds",
    "From the observation to Telegram's answer.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
updates = Counter("updates_total", "Telegram updates that the bot handled.")
webhook_events = Counter(
    "webhook_events_total", "Deliveries to a webhook, by what became of them.", ["provider", "outcome"]
)
telegram_errors = Counter("telegram_errors_total", "Refusals and failures of the Bot API.", ["kind"])
event_loop_lag_seconds = Histogram(
    "event_loop_lag_seconds",
    "How late a worker's event loop runs what is due.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
queue_waiting = Gauge("queue_waiting", "Rows that are due or will be.", ["queue"])
queue_oldest_seconds = Gauge("queue_oldest_seconds", "How long the oldest waiting row has waited.", ["queue"])


def render() -> tuple[bytes, str]:
    """All metrics of this process in Prometheus's text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
