"""What operators scrape."""

from prometheus_client.parser import text_string_to_metric_families

from tracker import metrics


def test_every_metric_is_on_the_page_under_the_name_that_dashboards_use() -> None:
    content, content_type = metrics.render()
    assert content_type.startswith("text/plain")
    families = {family.name for family in text_string_to_metric_families(content.decode())}
    assert families >= {
        "checks",
        "check_seconds",
        "alerts",
        "alert_latency_seconds",
        "updates",
        "webhook_events",
        "telegram_errors",
        "queue_waiting",
        "queue_oldest_seconds",
    }


def test_a_count_is_shown_with_its_labels() -> None:
    metrics.checks.labels("a-store-of-this-test", "offer").inc(2)
    assert b'checks_total{outcome="offer",store="a-store-of-this-test"} 2.0' in metrics.render()[0]
