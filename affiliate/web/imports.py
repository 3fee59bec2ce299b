"""Networks' files: looked at first, imported as one unit, listed, and taken back whole."""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.clock import zone
from affiliate.commissions.file_names import kept_name
from affiliate.commissions.filing import import_file
from affiliate.commissions.importing import ImportResult, reading_of
from affiliate.commissions.maps import list_maps, save_map
from affiliate.commissions.replaying import Replayed, replay_run
from affiliate.commissions.runs import list_runs, show_run
from affiliate.commissions.undo import undo_import
from affiliate.errors import AffiliateError, InvalidInput, UndecidedFile
from affiliate.links.catalogue import list_programmes
from affiliate.links.queries import ProgrammeFilter
from affiliate.links.setup import AccountView, list_accounts
from affiliate.money import currency_code
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import NEEDED, OPTIONAL, ColumnMap
from affiliate.networks.reading.proposals import Proposal, is_whole
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import networks
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.column_maps import given_map, lines, look, reads_tables, typed, words
from affiliate.web.forms import Form, go
from affiliate.web.period import moment_of
from affiliate.web.services import services
from affiliate.web.site_choice import shown_zone

pages = Pages("imports", __name__, roles=(FINANCE,), menu=("Imports", "imports.show_runs"), url_prefix="/imports")

GENERIC = "generic"
_ANY_OTHER = "Any other: CSV, XLSX, JSON or XML"
_MOST_RUNS = 100
_LARGEST_ID = 2**31 - 1
_LONGEST_LINE = 9  # digits of a line's number
_CARRIED = (
    6_000_000  # bytes of packed file kept in the form between preview and import; above it the file is chosen again
)
_LARGEST_FILE = 30_000_000  # bytes unpacked: what one upload may hold


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came, and packed for the way from the preview to the import (empty if it is too large for that)."""

    name: str
    content: bytes
    packed: str


@pages.get("")
def show_runs() -> str:
    with services().store.reading() as session:
        runs = list_runs(session, _MOST_RUNS)
    return render_template("imports/runs.html", runs=runs, most=_MOST_RUNS)


@pages.get("/new")
def show_upload() -> str:
    return _upload_page(Form({"time_zone": ""}))


@pages.post("/new")
def send_upload() -> tuple[str, int] | Response:
    """Shows how the file is understood and what it would do, or does it."""
    form = Form(request.form)
    upload, result, given = None, None, {}
    try:
        upload = _upload(form)
        network, _ = _network_and_account(form)
        with services().store.reading() as session:
            given = given_map(session, form, network)
        if form.value("step") == "import" or not reads_tables(network) or is_whole(given):
            result = _read(form, upload, given)
    except UndecidedFile as problem:
        form.refuse(InvalidInput(f"{problem.name} was not imported: {problem.asks} Say it below."))
    except AffiliateError as problem:
        form.refuse(problem)
    if result is None or result.run_id is None:
        return _upload_page(form, upload, result, given), form.status
    flash(_done(result), "good")
    return go(url_for("imports.show", run_id=result.run_id))


@pages.get(f"/<int(max={_LARGEST_ID}):run_id>")
def show(run_id: int) -> str:
    with services().store.reading() as session:
        detail = show_run(session, run_id)
        network = detail.run.network
        accounts = [a for a in list_accounts(session) if a.network == network and a.to_be_completed]
        incomplete = ProgrammeFilter(network=network, standing="incomplete", per_page=None)
        programmes, _ = list_programmes(session, incomplete)
    return render_template(
        "imports/run.html", run=detail.run, set_aside=detail.set_aside, accounts=accounts, programmes=programmes
    )


@pages.post(f"/<int(max={_LARGEST_ID}):run_id>/undo")
def send_undo(run_id: int) -> Response:
    if request.form.get("sure") != "yes":
        raise InvalidInput("Tick the box to say that the whole import is to be taken back.")
    with services().store.transaction() as session:
        undone = undo_import(session, run_id, now=services().clock())
    said = f"Import {run_id} is undone: {undone.transactions} transactions went back to what was known before"
    said += f", {undone.gone} of them are gone." if undone.gone else "."
    flash(said, "good")
    return go(url_for("imports.show", run_id=run_id))


@pages.post(f"/<int(max={_LARGEST_ID}):run_id>/replay")
def send_replay(run_id: int) -> Response:
    """Reads the rows that were set aside again."""
    form = Form(request.form)
    with services().store.transaction() as session:
        replayed = replay_run(
            session,
            run_id,
            currency=_currency(form),
            time_zone=str(zone(form.text("time_zone"))) if form.text("time_zone") else None,
            columns={name: str(value) for name, value in typed(form.value("columns")).items()},
            amends=_line_numbers(form.text("amends")),
            now=services().clock(),
        )
    flash(_read_again(replayed), "good" if replayed.booked else "warn")
    return go(url_for("imports.show", run_id=run_id))


def _line_numbers(text: str) -> list[int]:
    numbers = text.replace(",", " ").split()
    if wrong := [number for number in numbers if not number.isdecimal() or len(number) > _LONGEST_LINE]:
        raise InvalidInput(f"{wrong[0]!r} is no line of the file; write lines as numbers, such as 3, 17.")
    return [int(number) for number in numbers]


def _read_again(replayed: Replayed) -> str:
    if replayed.booked is None:
        return "Nothing of it can be booked yet; each row says why."
    left = f" {len(replayed.still)} stay set aside." if replayed.still else ""
    kept = f" {len(replayed.kept)} stay booked as they were." if replayed.kept else ""
    return f"{_done(replayed.booked)}{left}{kept}"


def _done(result: ImportResult) -> str:
    return f"Imported: {result.new} new, {result.amended} amended, {result.unchanged} unchanged, {len(result.quarantined)} set aside."


def _upload(form: Form) -> Upload:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        content = sent.stream.read(_LARGEST_FILE + 1)
        name = kept_name(sent.filename)
    else:
        content, name = _unpacked(form.value("packed")), kept_name(form.text("file_name"))
    if not content:
        raise InvalidInput("There is no file: choose the report that you downloaded from the network.")
    if len(content) > _LARGEST_FILE:
        raise InvalidInput(
            f"{name} is larger than {_LARGEST_FILE:,} bytes; import it with: affiliate import transactions"
        )
    packed = base64.b64encode(zlib.compress(content)).decode()
    return Upload(name, content, packed if len(packed) <= _CARRIED else "")


def _unpacked(packed: str) -> bytes:
    if not packed:
        return b""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _LARGEST_FILE + 1)
    except (binascii.Error, ValueError, zlib.error) as problem:
        raise InvalidInput("The file did not come through whole; choose it again.") from problem


def _read(form: Form, upload: Upload, given: Mapping[str, str]) -> ImportResult:
    network, account = _network_and_account(form)
    dry_run = form.value("step") != "import"
    now = services().clock()
    time_zone = str(zone(form.text("time_zone"))) if form.text("time_zone") else None
    columns = _columns(form, network, given)
    period = {"period": form.text("period")} if form.text("period") else {}

    def reading(session: Session) -> Reading:
        return reading_of(
            session,
            network,
            publisher_ref=account,
            currency=_currency(form),
            time_zone=time_zone,
            columns=columns,
            said=period | ({} if columns else dict(given)),
        )

    def keep_map(session: Session) -> None:
        if columns and form.text("map_name"):
            save_map(session, form.text("map_name"), given, now=now)

    return import_file(
        services().store,
        network=network,
        file_name=upload.name,
        content=upload.content,
        reading=reading,
        before=keep_map,
        as_of=moment_of(form.text("as_of"), time_zone or shown_zone()),
        dry_run=dry_run,
        now=now,
    )


def _currency(form: Form) -> str | None:
    return currency_code(form.text("currency")) if form.text("currency") else None


def _network_and_account(form: Form) -> tuple[str, str | None]:
    """The form offers networks, and accounts where a network has several: `awin` or `awin/45628`."""
    network, _, account = form.text("network").partition("/")
    if not network:
        raise InvalidInput("Choose the network that the file is from.")
    return network, account or None


def _columns(form: Form, network: str, given: Mapping[str, str]) -> ColumnMap | None:
    """The column map that the form says; None where the network has a reader of its own."""
    if not reads_tables(network) and not form.text("map"):
        return None
    if not given:
        raise InvalidInput("Say which column means what: choose a saved column map, or look at the file first.")
    columns = ColumnMap.parse(given)
    if not form.value("mapped"):  # nobody has confirmed yet that the file has all that a ready map knows
        reader = find_network(network).reader
        columns = replace(columns, may_lack=frozenset((reader.columns if reader else None) or {}))
    return columns


def _upload_page(
    form: Form, upload: Upload | None = None, result: ImportResult | None = None, given: Mapping[str, str] | None = None
) -> str:
    with services().store.reading() as session:
        accounts = list_accounts(session)
        maps = [saved.name for saved in list_maps(session)]
        proposal = _proposal(session, form, upload, given or {})
    return render_template(
        "imports/upload.html",
        form=form,
        upload=upload,
        result=result,
        network_choices=_choices(accounts),
        map_choices=[("", "None"), *((name, name) for name in maps)],
        proposal=proposal,
        lines=lines(proposal) if proposal else (),
        words=words(proposal) if proposal else (),
        needed=NEEDED,
        optional=OPTIONAL,
        zone_hint=shown_zone(),
    )


def _choices(accounts: Sequence[AccountView]) -> list[tuple[str, str]]:
    """Networks, and below each its accounts where it has several."""
    choices = [("", "Choose a network")]
    for key, name in [*((each.key, each.name) for each in networks() if each.key != "template"), (GENERIC, _ANY_OTHER)]:
        choices.append((key, name))
        own = [account for account in accounts if account.network == find_network(key).key]
        if len(own) > 1:
            choices += [
                (f"{key}/{account.publisher_ref}", f"{name}, account {account.publisher_ref}") for account in own
            ]
    return choices


def _proposal(session: Session, form: Form, upload: Upload | None, given: Mapping[str, str]) -> Proposal | None:
    """How a table is understood; None for other files, and for what is none."""
    network, _, account = form.text("network").partition("/")
    try:
        if not upload or not reads_tables(network):
            return None
        currency = form.text("currency") or reading_of(session, network, publisher_ref=account or None).currency
        return look(form, upload.content, given, currency)
    except AffiliateError as problem:
        if not form.problems:
            form.refuse(problem)
        return None
