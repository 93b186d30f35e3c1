"""The JSON API: everything that the pages do, for programs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from weakhitl.annotation import ADJUDICATOR, Answer, Given, Nothing, Stored
from weakhitl.annotation.arrivals import Arrival, Outcome
from weakhitl.pipeline.annotate import add_items, ratings_table
from weakhitl.pipeline.online import online_report
from weakhitl.web.guard import Adjudicator, Annotator, Anybody, Owner
from weakhitl.web.inputs import ArrivalBody, Filled, FlagBody, ItemBody, ItemsBody, Name, PersonBody, RatingBody
from weakhitl.web.room import Room

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": text}
    for status, text in {
        401: "Nobody is signed in.",
        403: "Another role is needed, or the request comes from elsewhere.",
        409: "It does not fit the present state.",
        411: "The length of the request is missing.",
        413: "The request is too large.",
        422: "The request is not as it should be.",
        429: "Too many requests at once.",
        503: "The store cannot be reached.",
    }.items()
}

router = APIRouter(prefix="/api/v1", responses=ERRORS)


class ItemAnswer(BaseModel):
    """An item to be rated, or why there is none."""

    item: str | None
    nothing: str | None = Field(None, description="empty, quota or qualify, where there is no item.")
    fields: dict[str, str] = {}
    until: float | None = Field(None, description="When it goes to somebody else; seconds since 1970.")
    suggestion: str | None = None
    classes: list[str]
    skip: list[str]
    guideline: str = Field("", description="Hash of the guideline.")


class StoredAnswer(BaseModel):
    """What became of a rating: its event, whether it was known, and whether it came too late to count."""

    number: int
    known: bool
    surplus: bool


class ArrivalAnswer(BaseModel):
    """What became of an item that arrived."""

    item: str
    outcome: Outcome = Field(description="accepted: it has a label; routed: people are asked; unlabelled: neither.")
    label: str | None = Field(description="The class that it has, or most likely has.")
    confidence: float | None = Field(description="Null where a rule decided.")
    by: str = Field(description="What decided: rule:NAME, upstream or model.")
    people: str | None = Field(None, description="What people say; null where they have not answered.")


def _room(request: Request) -> Room:
    room: Room = request.app.state.room
    return room


def _item(room: Room, given: Given | Nothing) -> ItemAnswer:
    common: dict[str, Any] = {"classes": room.classes, "skip": room.skips, "guideline": room.guidelines.current().hash}
    if isinstance(given, Nothing):
        return ItemAnswer(item=None, nothing=given.why, **common)
    suggestion = room.shown_suggestion(given)
    return ItemAnswer(
        item=given.item,
        fields={field.name: field.raw for field in room.fields(given.item)},
        until=given.until,
        suggestion=None if suggestion is None else suggestion.label,
        **common,
    )


def _stored(stored: Stored) -> StoredAnswer:
    return StoredAnswer(number=stored.number, known=stored.known, surplus=stored.surplus)


@router.post("/next")
def next_item(request: Request, login: Annotator) -> ItemAnswer:
    """Take the next item: it is yours until you rate it or let it lie."""
    room = _room(request)
    return _item(room, room.desk.next(login.person))


@router.post("/ratings")
def submit(request: Request, login: Annotator, body: RatingBody) -> StoredAnswer:
    """Rate an item that you were given; a second rating corrects the first."""
    room = _room(request)
    suggestion = room.suggestion(body.item)
    shown = "" if suggestion is None else suggestion.label
    version = room.guidelines.current().hash
    answer = Answer(body.item, body.label, body.id, body.note, body.seconds, version, shown)
    stored = room.desk.submit(login.person, answer)
    request.app.state.webhooks.rated(body.item, stored)
    return _stored(stored)


@router.post("/undo")
def undo(request: Request, login: Annotator) -> ItemAnswer:
    """Take your last rating back; its item is yours again."""
    room = _room(request)
    given = room.desk.undo(login.person)
    if given is None:
        raise HTTPException(409, "there is nothing to take back")
    return _item(room, given)


@router.post("/flags", status_code=204, response_class=Response)
def flag(request: Request, login: Annotator, body: FlagBody) -> None:
    """Tell the owner that something is wrong with an item that you were given."""
    room = _room(request)
    if not room.desk.may_see(login.person, body.item):
        raise HTTPException(403, "this item was not given to you")
    room.desk.flag(login.person, body.item, body.note, body.id)


@router.post("/heartbeat")
def heartbeat(request: Request, login: Anybody, body: ItemBody) -> dict[Literal["yours"], bool]:
    """Keep an item for longer."""
    return {"yours": _room(request).desk.heartbeat(login.person, body.item)}


@router.post("/decisions/next")
def next_decision(request: Request, login: Adjudicator) -> dict[str, Any]:
    """Take the next item that waits for a decision, with what was said of it (nothing where you decide blind)."""
    room = _room(request)
    waiting = room.waiting(login.person)
    given = room.desk.decide_next(login.person, waiting["item"].tolist())
    found = _item(room, given).model_dump() | {"waiting": len(waiting)}
    if isinstance(given, Given):
        why = str(waiting["why"][waiting["item"] == given.item].iloc[0])
        case = room.case(given.item, why)
        found |= {"why": None if case.blind else why, "ratings": case.ratings, "votes": dict(case.votes)}
    return found


@router.post("/decisions")
def decide(request: Request, login: Adjudicator, body: RatingBody) -> StoredAnswer:
    """Decide on an item that you were given."""
    room = _room(request)
    version = room.guidelines.current().hash
    answer = Answer(body.item, body.label, body.id, body.note, body.seconds, version)
    return _stored(room.desk.submit(login.person, answer, ADJUDICATOR))


@router.get("/queue")
def queue_status(request: Request, _: Owner) -> dict[str, Any]:
    """Say how far the queue is, what waits for a decision, and what the gate says so far."""
    room = _room(request)
    live = request.app.state.live.facts()
    return {"queue": room.desk.overview(), "waiting for a decision": len(room.waiting()), "status": live}


@router.post("/items", status_code=201)
def add(request: Request, _: Owner, body: ItemsBody) -> dict[str, int]:
    """Queue items for annotators. Their ratings label them; an adjudicator decides a share of them, by lot."""
    room = _room(request)
    return {"queued": add_items(room.workspace, body.items, body.overlap)}


@router.post("/arrivals", status_code=201)
def arrive(request: Request, login: Owner, body: ArrivalBody) -> ArrivalAnswer:
    """Decide on an item that arrives, by [online]; sent again, it gets the same answer.

    When people have answered, the webhook `item-labelled` says so; what they said is at `/arrivals/{item}`.
    """
    return _arrived(_room(request).online.arrive(body.row, body.label, body.confidence, login.person.name))


@router.get("/arrivals/{item}", responses={404: {"description": "No such item arrived."}})
def arrival(request: Request, _: Owner, item: Filled) -> ArrivalAnswer:
    """Say what became of an item that arrived, and what people say of it."""
    online = _room(request).online
    found = online.find(item)
    if found is None:
        raise HTTPException(404, f"no item {item!r} arrived")
    return _arrived(found, online.people_say(item) if found.asked else None)


def _arrived(one: Arrival, people: str | None = None) -> ArrivalAnswer:
    facts: dict[str, Any] = {"label": one.label, "confidence": one.confidence, "by": one.by}
    return ArrivalAnswer(item=one.item, outcome=one.outcome, people=people, **facts)


@router.get("/online")
def online(request: Request, _: Owner) -> dict[str, Any]:
    """Say how the decisions on what arrives do: how many, and how often people agree with what was accepted."""
    return online_report(_room(request).workspace).to_dict()


@router.get("/export")
def export(
    request: Request,
    _: Owner,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> list[dict[str, Any]]:
    """List ratings in order of arrival, those after an event's number."""
    table = ratings_table(_room(request).workspace)
    table = table[table["number"] > after].head(limit)
    return table.astype(object).where(table.notna(), None).to_dict("records")  # type: ignore[return-value]  # strings


@router.get("/people")
def people(request: Request, _: Owner) -> list[dict[str, Any]]:
    """List everybody who was invited."""
    return [dict(vars(person)) for person in _room(request).people.all()]


@router.post("/people", status_code=201)
def invite(request: Request, login: Owner, body: PersonBody) -> dict[str, str]:
    """Invite a person. The token is shown only now; a link that they had is revoked."""
    if body.name.strip() == login.person.name:
        raise HTTPException(409, "this is you; another link would sign you out")
    token = _room(request).people.invite(body.name, body.role, body.skills, body.quota)
    return {"token": token, "path": f"/join/{token}"}


@router.delete("/people/{name}", status_code=204, response_class=Response)
def revoke(request: Request, login: Owner, name: Name) -> None:
    """Let a person in no longer."""
    if name == login.person.name:
        raise HTTPException(409, "this is you; somebody else has to do that")
    _room(request).people.revoke(name)
