"""The key figures for Prometheus: ``GET /metrics`` with an owner's token."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from weakhitl.gate import FAIL, PASS, UNDECIDED
from weakhitl.release.kpis import KPIS
from weakhitl.web.guard import Owner

router = APIRouter()

_STATES = (PASS, FAIL, UNDECIDED)


@router.get("/metrics")
def metrics(request: Request, _: Owner) -> Response:
    """Give the figures as text; what is undefined, or not computed yet, is left out."""
    registry = CollectorRegistry()
    registry.register(_Figures(request.app.state.live.facts(), request.app.state.room.desk.overview()))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Figures:
    """The newest status, as Prometheus' library takes it."""

    def __init__(self, facts: dict[str, Any], queue: dict[str, Any]) -> None:
        self._facts, self._queue = facts, queue

    def collect(self) -> Iterator[Metric]:
        """Give one gauge a figure, and its interval's ends as two more."""
        for name, value in self._queue.items():
            if isinstance(value, int | float):
                yield _gauge(f"queue_{name}", f"Of the annotators' queue: {name}.", value)
        for name in ("items", "ratings", "annotators"):
            if name in self._facts:
                yield _gauge(name, f"How many {name} there are.", self._facts[name])
        if "gate" in self._facts:
            family = GaugeMetricFamily("weakhitl_gate", "1 for what the gate says.", labels=["status"])
            for state in _STATES:
                family.add_metric([state], float(self._facts["gate"] == state))
            yield family
        for kpi in KPIS:
            found = self._facts.get("kpis", {}).get(kpi.name, {})
            for part, end in (("", "value"), ("_low", "low"), ("_high", "high")):
                if found.get(end) is not None:
                    title = kpi.meaning if not part else f"{'Lower' if end == 'low' else 'Upper'} end of the interval."
                    yield _gauge(kpi.name + part, title, found[end])


def _gauge(name: str, title: str, value: float) -> Metric:
    plain = "".join(letter if letter.isalnum() else "_" for letter in name)
    return GaugeMetricFamily(f"weakhitl_{plain}", title, value=float(value))
