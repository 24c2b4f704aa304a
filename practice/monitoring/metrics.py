"""What can be measured, in the OpenMetrics text format.

Each number is read when it is asked for, so that it does not matter which of gunicorn's workers
answers, and none of them keeps anything.
"""

from collections.abc import Iterator
from types import SimpleNamespace

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from practice import monitoring
from practice.environment import version
from practice.monitoring import readiness

__all__ = ["CONTENT_TYPE_LATEST", "as_text"]

UNITS = ("seconds", "bytes")


def collect() -> Iterator[Metric]:
    """One family for each name, all of whose gauges have the same labels."""
    yield InfoMetricFamily("practice", "What runs here", value={"version": version.current()})
    up = readiness.database_answers()
    yield GaugeMetricFamily("practice_database_up", "Whether the database responds", value=up)
    found: dict[str, GaugeMetricFamily] = {}
    for gauge in monitoring.gauges(timezone.now()) if up else []:
        name = f"practice_{gauge.name}"
        if name not in found:
            unit = name.rpartition("_")[2]
            found[name] = GaugeMetricFamily(
                name, gauge.help, labels=list(gauge.labels), unit=unit if unit in UNITS else ""
            )
        found[name].add_metric(list(gauge.labels.values()), gauge.value)
    yield from found.values()


def as_text() -> bytes:
    """All that can be measured now; without a database, that it does not answer."""
    return bytes(generate_latest(SimpleNamespace(collect=collect)))
