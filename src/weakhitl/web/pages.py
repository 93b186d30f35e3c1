"""The pages: rating, deciding, and how the project stands. All of them work without JavaScript."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from weakhitl.annotation import ADJUDICATOR, Answer, Given, Login, Nothing, Person
from weakhitl.annotation.media import media_path
from weakhitl.annotation.people import ROLES
from weakhitl.errors import DataError
from weakhitl.web.guard import COOKIE, Adjudicator, Annotator, Anybody, Owner, check_csrf
from weakhitl.web.inputs import FlagForm, InviteForm, NameForm, PageForm, RatingForm
from weakhitl.web.room import Room
from weakhitl.web.show import guideline_html

router = APIRouter()

_MONTH = 30 * 86_400
_templates = Jinja2Templates(Path(__file__).parent / "templates")
_templates.env.filters["number"] = "{:,}".format
_templates.env.filters["clock"] = lambda time: str(time)[11:19] + " UTC"

_NOTHING = {
    "empty": "There is nothing to rate for you at the moment. Thank you! Come back later, or close the page.",
    "quota": "You have rated as many items as you were asked to. Thank you!",
    "qualify": "You have rated the trial items. The others are for those whose answers agreed with most. Thank you!",
}


def message(request: Request, status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """Make a page that says one thing."""
    return _templates.TemplateResponse(request, "message.html", {"text": text, "status": status}, status, headers)


def _page(request: Request, name: str, login: Login, **facts: Any) -> Response:
    """Fill a template; only its main part where a script asks for that."""
    room: Room = request.app.state.room
    common = {"login": login, "room": room, "project": room.config.project.name}
    common["fragment"] = "x-fragment" in request.headers
    return _templates.TemplateResponse(request, name, common | facts)


def _back(request: Request, where: str) -> Response:
    return RedirectResponse(request.app.url_path_for(where), 303)


@router.get("/")
def start(login: Anybody) -> Response:
    """Lead people to their page."""
    pages = {"annotator": "/rate", "adjudicator": "/adjudicate", "owner": "/project"}
    return RedirectResponse(pages[login.person.role], 303)


@router.get("/join/{secret}")
def join(request: Request, secret: str) -> Response:
    """Exchange a link's secret for a cookie that scripts cannot read."""
    room, state = request.app.state.room, request.app.state
    person = room.people.by_token(secret)
    if person is None:  # a guess counts; a whole team may come in from one address
        if not state.joins.allows(request.client.host if request.client else ""):
            return message(request, 429, "too many attempts; wait a minute")
        return message(request, 404, "this link is not valid, or not any more; ask for a new one")
    response = RedirectResponse("/", 303)
    secure = state.doors.secure or request.url.scheme == "https"
    cookie = room.people.login(person).secret
    response.set_cookie(COOKIE, cookie, max_age=_MONTH, httponly=True, samesite="lax", secure=secure)
    return response


@router.post("/page/leave")
def leave(request: Request, login: Anybody, form: Annotated[PageForm, Form()]) -> Response:
    """Sign out."""
    check_csrf(login, form.csrf)
    request.app.state.room.people.logout(request.cookies.get(COOKIE, ""))
    response = message(request, 200, "You are signed out. Your link signs you in again.")
    response.delete_cookie(COOKIE)
    return response


# Rating -----------------------------------------------------------------------------------------------------------


@router.get("/rate")
def rate(request: Request, login: Annotator) -> Response:
    """Show the next item."""
    return _rating_page(request, login, request.app.state.room.desk.next(login.person))


def _rating_page(request: Request, login: Login, given: Given | Nothing) -> Response:
    room: Room = request.app.state.room
    last = room.desk.last(login.person)
    guideline = room.guidelines.current()
    facts: dict[str, Any] = {
        "last": last,
        "guideline": guideline_html(guideline.text),
        "guideline_hash": guideline.hash,
        "changes": room.changes(last.guideline) if last is not None and last.guideline else [],
        "quota": login.person.quota,
        "queue": room.queue(),
    }
    if isinstance(given, Nothing):
        return _page(request, "rate.html", login, nothing=_NOTHING[given.why], **facts)
    suggestion = room.shown_suggestion(given)
    review = suggestion is not None and room.config.annotation.suggest == "review"
    facts |= {"given": given, "fields": room.fields(given.item, suggestion), "id": uuid4().hex}
    return _page(request, "rate.html", login, suggestion=suggestion, review=review, **facts)


@router.post("/page/rate")
def take_rating(request: Request, login: Annotator, form: Annotated[RatingForm, Form()]) -> Response:
    """Keep a rating, or a skip, and show the next item."""
    check_csrf(login, form.csrf)
    room: Room = request.app.state.room
    suggestion = room.suggestion(form.item)
    shown = "" if suggestion is None else suggestion.label
    answer = Answer(form.item, form.said, form.id, form.note, form.seconds, form.guideline, shown)
    stored, given = room.desk.submit_and_next(login.person, answer)
    request.app.state.webhooks.rated(form.item, stored)
    if "x-fragment" not in request.headers:
        return _back(request, "rate")
    return _rating_page(request, login, given)


@router.post("/page/undo")
def undo(request: Request, login: Annotator, form: Annotated[PageForm, Form()]) -> Response:
    """Take the last rating back, and show its item again."""
    check_csrf(login, form.csrf)
    request.app.state.room.desk.undo(login.person)
    return rate(request, login) if "x-fragment" in request.headers else _back(request, "rate")


@router.post("/page/flag")
def flag(request: Request, login: Annotator, form: Annotated[FlagForm, Form()]) -> Response:
    """Keep what is wrong with an item; it stays on the page."""
    check_csrf(login, form.csrf)
    room: Room = request.app.state.room
    _check_given(room, login.person, form.item)
    room.desk.flag(login.person, form.item, form.note, form.id)
    return rate(request, login) if "x-fragment" in request.headers else _back(request, "rate")


@router.get("/media")
def media(request: Request, login: Anybody, item: Annotated[str, Query()], column: Annotated[str, Query()]) -> Response:
    """Send a file that an item names, to those who have the item."""
    room: Room = request.app.state.room
    if column not in room.config.annotation.media or item not in room.workspace.items.index:
        raise HTTPException(404, "there is no such file")
    if login.person.role == "annotator":
        _check_given(room, login.person, item)
    try:
        path = media_path(room.workspace.root, str(room.row(item)[column]))
    except DataError:
        raise HTTPException(404, "there is no such file in the project's folder") from None
    attached = path.suffix.lower() in {".svg", ".svgz", ".html", ".htm", ".xml", ".xhtml"}
    return FileResponse(path, filename=path.name, content_disposition_type="attachment" if attached else "inline")


def _check_given(room: Room, person: Person, item: str) -> None:
    if not room.desk.may_see(person, item):
        raise HTTPException(403, "this item was not given to you")


# Deciding ---------------------------------------------------------------------------------------------------------


@router.get("/adjudicate")
def adjudicate(request: Request, login: Adjudicator) -> Response:
    """Show the next item that waits for a decision, with all that was said of it."""
    room: Room = request.app.state.room
    waiting = room.waiting(login.person)
    given = room.desk.decide_next(login.person, waiting["item"].tolist())
    facts: dict[str, Any] = {"waiting": len(waiting), "guideline": guideline_html(room.guidelines.current().text)}
    if isinstance(given, Nothing):
        return _page(request, "adjudicate.html", login, **facts)
    why = str(waiting["why"][waiting["item"] == given.item].iloc[0])
    facts |= {"given": given, "case": room.case(given.item, why), "fields": room.fields(given.item)}
    return _page(request, "adjudicate.html", login, id=uuid4().hex, **facts)


@router.post("/page/decide")
def decide(request: Request, login: Adjudicator, form: Annotated[RatingForm, Form()]) -> Response:
    """Keep a decision."""
    check_csrf(login, form.csrf)
    room: Room = request.app.state.room
    answer = Answer(form.item, form.said, form.id, form.note, form.seconds, room.guidelines.current().hash)
    room.desk.submit(login.person, answer, ADJUDICATOR)
    return adjudicate(request, login) if "x-fragment" in request.headers else _back(request, "adjudicate")


# The project ------------------------------------------------------------------------------------------------------


@router.get("/project")
def project(request: Request, login: Owner) -> Response:
    """Show the queue, the agreement so far, the people, and what the gate says."""
    room: Room = request.app.state.room
    facts = {
        "queue": room.desk.overview(),
        "queue_said": room.queue_said(),
        "live": request.app.state.live.facts(),
        "people": room.people.all(),
        "ratings": room.counts(),
        "flags": room.flags(),
        "waiting": len(room.waiting()),
        "now": datetime.now(UTC).isoformat(timespec="seconds"),
        "roles": ROLES,
    }
    return _page(request, "project.html", login, **facts)


@router.post("/page/invite")
def invite(request: Request, login: Owner, form: Annotated[InviteForm, Form()]) -> Response:
    """Invite a person, and show their link once."""
    check_csrf(login, form.csrf)
    if form.name.strip() == login.person.name:
        raise HTTPException(409, "this is you; another link would sign you out")
    skills = [one.strip() for one in form.skills.split(",") if one.strip()]
    quota = int(form.quota) if form.quota else None
    secret = request.app.state.room.people.invite(form.name, form.role, skills, quota)
    origin = request.app.state.doors.origin or str(request.base_url).rstrip("/")
    return _page(request, "invited.html", login, invited=form.name, link=f"{origin}/join/{secret}")


@router.post("/page/revoke")
def revoke(request: Request, login: Owner, form: Annotated[NameForm, Form()]) -> Response:
    """Let a person in no longer."""
    check_csrf(login, form.csrf)
    if form.name == login.person.name:
        raise HTTPException(409, "this is you; somebody else has to do that")
    request.app.state.room.people.revoke(form.name)
    return _back(request, "project")
