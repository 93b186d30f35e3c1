"""Whatever is sent to the API, no answer is a fault of the server, and every answer is as its description says."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sites import make_project, opened

schemathesis = pytest.importorskip("schemathesis")

pytestmark = [pytest.mark.current, pytest.mark.xdist_group("fuzz")]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with opened(make_project(tmp_path_factory.mktemp("fuzz"))) as app:
        app.state.limit._rate = app.state.limit._burst = 1e9
        yield app, app.state.room


def try_operation(operation, headers) -> int:
    """Send made-up requests of one kind; give how many."""
    tried = []

    @given(case=operation.as_strategy())
    @settings(max_examples=25, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    def check(case):
        response = case.call(headers=headers)
        tried.append(response.status_code)
        assert response.status_code < 500, (case.as_curl_command(), response.text)
        said = (operation.label, response.status_code, response.text[:300])
        assert str(response.status_code) in operation.definition.raw["responses"], said

    check()
    return len(tried)


@pytest.mark.parametrize("role", ["annotator", "adjudicator", "owner"])
@pytest.mark.filterwarnings("ignore")
def test_no_request_makes_the_server_fail(served, role):
    app, room = served
    headers = {"Authorization": f"Bearer {room.people.invite(f'fuzz {role}', role)}", "Host": "testserver"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={"Host": "testserver"})
    tried = 0
    for result in schema.get_all_operations():
        tried += try_operation(result.ok(), headers)
    assert tried > 100
    assert room.workspace.store.faults() == []
