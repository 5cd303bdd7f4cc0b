"""Services ``bulkUpload`` and ``bulkupload_bulk``, and ``media.bulkUploadAdd``: many entries from one CSV file."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING, Any

from ..answers import FileAnswer
from ..context import Context, RequestInfo
from ..errors import ApiError, fail
from ..inputs import UploadedFile, build_object
from ..ks import ADMIN as ADMIN_TYPE
from ..ks import USER as USER_TYPE
from ..ks import Session
from ..listing import find_page
from ..query import equal
from ..registry import USER, action, job, param
from ..schema import TYPES, ApiObject, int_enum, kaltura_type, list_type, prop, props, render, render_list, string_enum
from ..store import Collection, Document, Store
from .asset_content import uploaded_copy
from .entries import ERROR_CONVERTING, ERROR_IMPORTING, IMPORT, NO_CONTENT, PRECONVERT, entries
from .entries_content import add_url
from .entries_edit import add_entry

if TYPE_CHECKING:
    from ..sandbox import Sandbox

# Values of a bulk upload's status.
_PENDING = 0
_FINISHED = 5
_FAILED = 6
_ABORTED = 7
_ALMOST_DONE = 8
_FINISHED_PARTIALLY = 12

_CSV = "bulkUploadCsv.CSV"
_FIRST_ID = 201
_MEDIA_TYPES = {"video": 1, "image": 2, "audio": 5}
_COLUMNS = ("title", "description", "tags", "url", "contentType")
# Columns whose name differs from the entry's property.
_PROPERTIES = {
    "title": "name", "accessControlProfileId": "accessControlId", "category": "categories",
    "scheduleStartDate": "startDate", "scheduleEndDate": "endDate", "ownerId": "userId",
}  # fmt: skip
_TAKEN = (
    "title", "description", "tags", "category", "conversionProfileId", "accessControlProfileId", "scheduleStartDate",
    "scheduleEndDate", "partnerData", "ownerId", "referenceId", "entitledUsersEdit", "entitledUsersPublish",
)  # fmt: skip

int_enum("KalturaBatchJobStatus")
string_enum("KalturaBulkUploadType", _CSV, "bulkUploadXml.XML", "bulkUploadFilter.FILTER")
kaltura_type("KalturaBulkUploadJobData", None, prop("fileName"), abstract=True)
kaltura_type("KalturaBulkUploadCsvJobData", "KalturaBulkUploadJobData", prop("columns", "array<KalturaString>"))
kaltura_type("KalturaBulkUploadXmlJobData", "KalturaBulkUploadJobData")
kaltura_type("KalturaBulkUploadEntryData", None, prop("conversionProfileId", "int"))
kaltura_type(
    "KalturaBulkUpload", None,
    prop("id", "int"), *props("string", "uploadedBy uploadedByUserId"), prop("uploadedOn", "time"),
    prop("numOfEntries", "int"), prop("status", "KalturaBatchJobStatus"), *props("string", "logFileUrl bulkFileUrl"),
    prop("bulkUploadType", "KalturaBulkUploadType"), *props("string", "error fileName description"),
    *props("int", "numOfObjects numOfErrorObjects"),
)  # fmt: skip
kaltura_type(
    "KalturaBulkUploadFilter", "KalturaFilter",
    *props("int", "uploadedOnGreaterThanOrEqual uploadedOnLessThanOrEqual statusEqual"), prop("statusIn"),
)  # fmt: skip
list_type("KalturaBulkUploadListResponse", "KalturaBulkUpload")


def _uploads(store: Store) -> Collection:
    return store.collection("bulkUpload")


def _find(context: Context, upload_id: int) -> Document:
    found = _uploads(context.store).get(upload_id, context.partner_id)
    if found is None or not (context.is_admin or found["uploadedByUserId"] == context.user_id):
        raise fail("BULK_UPLOAD_NOT_FOUND", ID=upload_id)
    return found


def _answer(context: Context, document: Document) -> dict[str, Any]:
    rows = document["results"]
    link = f"{context.base_url}/api_v3/index.php/service/bulkUpload_bulk/action"
    shown = {
        **document, "status": _status(context.store, document), "numOfEntries": len(rows), "numOfObjects": len(rows),
        "numOfErrorObjects": sum("error" in row for row in rows),
        "logFileUrl": f"{link}/serveLog/id/{document['id']}", "bulkFileUrl": f"{link}/serve/id/{document['id']}",
    }  # fmt: skip
    return render("KalturaBulkUpload", shown)


def _status(store: Store, document: Document) -> int:
    """Return the status: with all rows read, it depends on how far the entries are."""
    if document["status"] != _ALMOST_DONE:
        return int(document["status"])
    found = [entries(store).get(row["entryId"]) for row in document["results"] if "entryId" in row]
    statuses = {entry["status"] for entry in found if entry is not None}
    if statuses & {IMPORT, PRECONVERT}:
        return _ALMOST_DONE
    failed = any("error" in row for row in document["results"]) or statuses & {ERROR_IMPORTING, ERROR_CONVERTING}
    return _FINISHED_PARTIALLY if failed else _FINISHED


@action(
    "media", "bulkUploadAdd",
    param("fileData", "file"), param("bulkUploadData", "KalturaBulkUploadJobData", None),
    param("bulkUploadEntryData", "KalturaBulkUploadEntryData", None), access=USER,
)  # fmt: skip
@action(
    "bulkupload_bulk", "addEntries",
    param("fileData", "file"), param("bulkUploadData", "KalturaBulkUploadJobData", None),
    param("bulkUploadEntryData", "KalturaBulkUploadEntryData", None), access=USER,
)  # fmt: skip
def add(
    context: Context, file_data: UploadedFile, bulk_upload_data: ApiObject | None,
    bulk_upload_entry_data: ApiObject | None,
) -> dict[str, Any]:  # fmt: skip
    """Keep a file and begin to make its entries."""
    is_csv = bulk_upload_data is None or bulk_upload_data.is_a("KalturaBulkUploadCsvJobData")
    upload_id = context.store.next_number("bulkUpload", _FIRST_ID)
    uploaded_copy(context.sandbox, file_data).replace(context.files.path("bulkUpload", str(upload_id), "upload.csv"))
    document: Document = {
        "id": upload_id, "partnerId": context.partner_id, "uploadedBy": context.user_id,
        "uploadedByUserId": context.user_id, "uploadedOn": int(time.time()), "status": _PENDING,
        "bulkUploadType": _CSV if is_csv else "bulkUploadXml.XML", "results": [], "asAdmin": context.is_admin,
        "fileName": (bulk_upload_data.get("fileName") if bulk_upload_data else None) or file_data.name,
        "conversionProfileId": bulk_upload_entry_data.get("conversionProfileId") if bulk_upload_entry_data else None,
    }  # fmt: skip
    if not is_csv:
        document.update(status=_FAILED, error="The sandbox reads CSV files only; send the entries as CSV.")
    with context.store.transaction():
        _uploads(context.store).insert(document)
        context.jobs.schedule("bulk.run", {"id": upload_id})
    return _answer(context, document)


@job("bulk.run")
def run(sandbox: Sandbox, payload: dict[str, Any]) -> None:
    """Make the entries of a file, going on behind the rows that are done."""
    store = sandbox.store
    document = _uploads(store).get(payload["id"])
    if document is None or document["status"] != _PENDING:
        return
    kind = ADMIN_TYPE if document["asAdmin"] else USER_TYPE
    session = Session("", document["partnerId"], document["uploadedByUserId"], kind, 0, "")
    context = Context(sandbox, RequestInfo(sandbox.url, "127.0.0.1", ""), session, document["partnerId"], {})
    text = sandbox.files.path("bulkUpload", str(document["id"]), "upload.csv").read_text("utf-8-sig", "replace")
    for number, row in enumerate(_rows(text)):
        if (_uploads(store).get(document["id"]) or {}).get("status") != _PENDING:
            return  # aborted
        entry_id = _made(context, document["id"], number, row)
        entry = entries(store).get(entry_id) if entry_id else None
        if entry is not None and entry["status"] == NO_CONTENT and row.get("url"):
            try:
                add_url(context, entry["id"], row["url"])
            except ApiError as problem:
                _note(store, document["id"], number, error=str(problem), entryId=entry["id"])
    with store.transaction():
        if (_uploads(store).get(document["id"]) or {}).get("status") == _PENDING:
            _uploads(store).update(document["id"], status=_ALMOST_DONE)


def _rows(text: str) -> list[dict[str, str]]:
    """Return the rows by column: named by a first line with a star, or the five of the oldest form."""
    lines = [line for line in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in line)]
    columns = list(_COLUMNS)
    if lines and lines[0][0].startswith("*"):
        columns = [cell.strip().lstrip("*") for cell in lines.pop(0)]
    return [dict(zip(columns, (cell.strip() for cell in line), strict=False)) for line in lines]


def _made(context: Context, upload_id: int, number: int, row: dict[str, str]) -> str | None:
    """Make the entry of a row, once; return its id, or None when the row is no good."""
    store = context.store
    known = (_uploads(store).get(upload_id) or {"results": []})["results"]
    if len(known) > number:
        found = known[number].get("entryId")
        return str(found) if found else None
    media_type = _MEDIA_TYPES.get(row.get("contentType", "").lower())
    values: dict[str, Any] = {_PROPERTIES.get(name, name): row[name] for name in _TAKEN if row.get(name)}
    if media_type is None:
        given = row.get("contentType", "")
        _note(store, upload_id, number, error=f"contentType {given!r} is unknown; write video, audio or image")
        return None
    try:
        with store.transaction():
            sent = build_object(TYPES["KalturaMediaEntry"], {**values, "mediaType": media_type}, "entry")
            entry = add_entry(context, sent)
            _note(store, upload_id, number, entryId=entry["id"])
        return str(entry["id"])
    except ApiError as problem:
        _note(store, upload_id, number, error=str(problem))
        return None


def _note(store: Store, upload_id: int, number: int, **values: str) -> None:
    def change(document: Document) -> None:
        document["results"][number:] = [values]

    _uploads(store).update(upload_id, change)


@action("bulkUpload", "get", param("id", "int"), access=USER)
@action("bulkupload_bulk", "get", param("id", "int"), access=USER)
def get(context: Context, id: int) -> dict[str, Any]:
    """Answer a bulk upload."""
    return _answer(context, _find(context, id))


@action("bulkUpload", "list", param("pager", "KalturaFilterPager", None), access=USER)
def list_uploads(context: Context, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's bulk uploads, the newest first."""
    return _list(context, None, pager)


@action(
    "bulkupload_bulk", "list",
    param("bulkUploadFilter", "KalturaBulkUploadFilter", None), param("pager", "KalturaFilterPager", None),
    access=USER,
)  # fmt: skip
def list_bulk(context: Context, bulk_upload_filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    """List the account's bulk uploads that a filter finds."""
    return _list(context, bulk_upload_filter, pager)


def _list(context: Context, filter: ApiObject | None, pager: ApiObject | None) -> dict[str, Any]:
    base = equal("partnerId", context.partner_id)
    if not context.is_admin:
        base &= equal("uploadedByUserId", context.user_id)
    found, total = find_page(
        _uploads(context.store), filter, pager, base=base, default_order="-uploadedOn", order_fields=("uploadedOn",)
    )
    return render_list("KalturaBulkUploadListResponse", [_answer(context, each) for each in found], total)


@action("bulkUpload", "abort", param("id", "int"), access=USER)
@action("bulkupload_bulk", "abort", param("id", "int"), access=USER)
def abort(context: Context, id: int) -> dict[str, Any]:
    """Stop a bulk upload that is still being read; entries that were made stay."""
    with context.store.transaction():
        document = _find(context, id)
        if document["status"] == _PENDING:
            document = _uploads(context.store).update(id, status=_ABORTED)
    return _answer(context, document)


@action("bulkupload_bulk", "serve", param("id", "int"), access=USER, serves_file=True)
def serve(context: Context, id: int) -> FileAnswer:
    """Answer the file as it was sent."""
    document = _find(context, id)
    return FileAnswer(context.files.path("bulkUpload", str(id), "upload.csv"), "text/csv", document["fileName"])


@action("bulkupload_bulk", "serveLog", param("id", "int"), access=USER, serves_file=True)
def serve_log(context: Context, id: int) -> FileAnswer:
    """Answer what became of each row."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["*line", "entryId", "status", "error"])
    for number, row in enumerate(_find(context, id)["results"], 1):
        entry = entries(context.store).get(row.get("entryId"))
        lines.writerow([number, row.get("entryId", ""), entry["status"] if entry else "", row.get("error", "")])
    return FileAnswer(text.getvalue().encode(), "text/csv", "log.csv")
