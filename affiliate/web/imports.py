"""Networks' files: looked at first, imported as one unit, listed, and taken back whole."""

import base64
import binascii
import csv
import io
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.clock import zone
from affiliate.commissions.importing import ImportResult, import_transactions, reading_of
from affiliate.commissions.maps import find_map, list_maps, save_map
from affiliate.commissions.runs import list_runs, show_run
from affiliate.commissions.undo import undo_import
from affiliate.errors import AffiliateError, InvalidInput
from affiliate.links.setup import list_accounts, list_programmes
from affiliate.money import currency_code
from affiliate.networks.columns import NEEDED, OPTIONAL, ColumnMap
from affiliate.networks.registry import networks
from affiliate.web.access import Pages
from affiliate.web.accounts import FINANCE
from affiliate.web.forms import Form, go
from affiliate.web.period import moment_of
from affiliate.web.services import services
from affiliate.web.site_choice import shown_zone

pages = Pages("imports", __name__, roles=(FINANCE,), menu=("Imports", "imports.show_runs"), url_prefix="/imports")

GENERIC = "generic"
_MOST_RUNS = 100
_LARGEST_ID = 2**31 - 1
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
    """Shows what the file would do, or does it."""
    form = Form(request.form)
    upload = None
    try:
        upload = _upload(form)
        with services().store.transaction() as session:
            result = _read(session, form, upload)
    except AffiliateError as problem:
        form.refuse(problem)
        return _upload_page(form, upload), form.status
    if result.run_id is None:
        return _upload_page(form, upload, result), 200
    flash(_done(result), "good")
    return go(url_for("imports.show", run_id=result.run_id))


@pages.get(f"/<int(max={_LARGEST_ID}):run_id>")
def show(run_id: int) -> str:
    with services().store.reading() as session:
        detail = show_run(session, run_id)
        network = detail.run.network
        accounts = [a for a in list_accounts(session) if a.network == network and a.to_be_completed]
        programmes = [p for p in list_programmes(session) if p.network == network and p.to_be_completed]
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


def _done(result: ImportResult) -> str:
    return f"Imported: {result.new} new, {result.amended} amended, {result.unchanged} unchanged, {len(result.quarantined)} set aside."


def _upload(form: Form) -> Upload:
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        content = sent.stream.read(_LARGEST_FILE + 1)
        name = sent.filename
    else:
        content, name = _unpacked(form.value("packed")), form.text("file_name")
    if not content:
        raise InvalidInput("There is no file: choose the report that you downloaded from the network.")
    if len(content) > _LARGEST_FILE:
        raise InvalidInput(
            f"{name} is larger than {_LARGEST_FILE:,} bytes; import it with: affiliate import transactions"
        )
    packed = base64.b64encode(zlib.compress(content)).decode()
    return Upload(name.replace("\x00", ""), content, packed if len(packed) <= _CARRIED else "")


def _unpacked(packed: str) -> bytes:
    if not packed:
        return b""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _LARGEST_FILE + 1)
    except (binascii.Error, ValueError, zlib.error) as problem:
        raise InvalidInput("The file did not come through whole; choose it again.") from problem


def _read(session: Session, form: Form, upload: Upload) -> ImportResult:
    network, account = _network_and_account(form)
    dry_run = form.value("step") != "import"
    now = services().clock()
    time_zone = str(zone(form.text("time_zone"))) if form.text("time_zone") else None
    return import_transactions(
        session,
        network=network,
        file_name=upload.name,
        content=upload.content,
        as_of=moment_of(form.text("as_of"), time_zone or shown_zone()),
        reading=reading_of(
            session,
            network,
            publisher_ref=account,
            currency=currency_code(form.text("currency")) if form.text("currency") else None,
            time_zone=time_zone,
            columns=_columns(session, form, network, keep=not dry_run),
        ),
        dry_run=dry_run,
        now=now,
    )


def _network_and_account(form: Form) -> tuple[str, str | None]:
    """The form offers networks, and accounts where a network has several: `awin` or `awin/45628`."""
    network, _, account = form.text("network").partition("/")
    if not network:
        raise InvalidInput("Choose the network that the file is from.")
    return network, account or None


def _columns(session: Session, form: Form, network: str, *, keep: bool) -> ColumnMap | None:
    """The column map of a CSV: a saved one, or the one that was typed, which is saved under its name on import."""
    if network != GENERIC:
        return None
    if form.text("map") and not form.text("columns"):
        return find_map(session, _saved_name(form.text("map")))
    if not form.text("columns"):
        raise InvalidInput("Say which column means what: choose a saved column map, or write one below.")
    given = _typed(form.value("columns"))
    columns = ColumnMap.parse(given)
    if keep and form.text("map_name"):
        save_map(session, form.text("map_name"), given, now=services().clock())
    return columns


def _saved_name(name: str) -> str:
    if name.endswith((".toml", ".json")):  # on the command line a file's name; here nobody reads the server's files
        raise InvalidInput(f"There is no saved column map {name!r}.")
    return name


def _typed(text: str) -> Mapping[str, object]:
    try:
        given = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        raise InvalidInput(f"The column map cannot be read: {problem}.") from problem
    return given


def _upload_page(form: Form, upload: Upload | None = None, result: ImportResult | None = None) -> str:
    with services().store.reading() as session:
        accounts = list_accounts(session)
        maps = [saved.name for saved in list_maps(session)]
    choices = [("", "Choose a network")]
    for each in networks():
        if each.key == "template":
            continue
        choices.append((each.key, each.name))
        own = [account for account in accounts if account.network == each.key]
        if len(own) > 1:
            choices += [(f"{each.key}/{a.publisher_ref}", f"{each.name}, account {a.publisher_ref}") for a in own]
    choices.append((GENERIC, "Any other, as CSV"))
    own = [account for account in accounts if account.network == "template"]
    if len(own) > 1:
        choices += [(f"{GENERIC}/{a.publisher_ref}", f"Any other, as CSV, account {a.publisher_ref}") for a in own]
    return render_template(
        "imports/upload.html",
        form=form,
        upload=upload,
        result=result,
        network_choices=choices,
        map_choices=[("", "None: written below"), *((name, name) for name in maps)],
        header=_header(upload) if upload and form.text("network").partition("/")[0] == GENERIC else None,
        needed=NEEDED,
        optional=OPTIONAL,
        zone_hint=shown_zone(),
    )


def _header(upload: Upload) -> tuple[list[str], list[str]] | None:
    """The first two rows of a CSV, for whoever writes its column map."""
    try:
        text = upload.content[:20_000].decode("utf-8-sig", "replace")
        rows = csv.reader(io.StringIO(text), csv.Sniffer().sniff(text, ",;\t|"))
        return next(rows), next(rows, [])
    except (csv.Error, StopIteration):
        return None
