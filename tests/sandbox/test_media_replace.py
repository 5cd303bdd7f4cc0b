"""New content for entries that have some."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaltura_sandbox.server import SandboxServer

from .conftest import Api, make_settings, wait_until
from .media_entries import (
    ERROR_CONVERTING,
    ERROR_IMPORTING,
    EVERY_STATUS,
    READY,
    add_content,
    add_entry,
    flavors,
    get,
    ready_video,
    token_resource,
    wait_for,
)
from .media_files import VIDEO, Origin, make_media


class TestReplacement:
    """New content for an entry that has some."""

    def replace(self, api: Api, entry: str, content: bytes = VIDEO, name: str = "new.mp4") -> Any:
        resource = token_resource(api, content, name)
        return api.call("media", "updateContent", ks=api.admin, entryId=entry, resource=resource)

    def test_the_entry_stays_ready_until_it_takes_over(self, api: Api, tmp_path: Path) -> None:
        entry = ready_video(api)
        old = [each["id"] for each in flavors(api, entry)]
        answer = self.replace(api, entry, make_media(tmp_path / "n.mp4", "libx264", "aac", 3).read_bytes())
        assert (answer["status"], answer["replacementStatus"]) == (READY, 1)
        temporary = answer["replacingEntryId"]
        assert get(api, temporary)["replacedEntryId"] == entry
        found = wait_for(api, entry, replacementStatus=0)
        assert "replacingEntryId" not in found
        assert (found["status"], found["width"], found["duration"]) == (READY, 160, 3)
        new = flavors(api, entry)
        assert [each["version"] for each in new] == ["12", "12"]
        assert not set(old) & {each["id"] for each in new}
        assert get(api, temporary)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_the_temporary_entry_is_in_no_list(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=1)
        entry = ready_video(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        listed = api.call("baseEntry", "list", ks=api.admin, filter={"statusIn": EVERY_STATUS})
        assert [each["id"] for each in listed["objects"]] == [entry]
        assert api.call("media", "list", ks=api.admin, filter={"idEqual": temporary})["totalCount"] == 1

    def test_broken_content_fails_the_replacement_and_keeps_the_old(self, api: Api) -> None:
        entry = ready_video(api)
        self.replace(api, entry, b"no video")
        found = wait_for(api, entry, replacementStatus=4)
        assert (found["status"], found["width"]) == (READY, 64)
        found = api.call("media", "cancelReplace", ks=api.admin, entryId=entry)
        assert found["replacementStatus"] == 0
        assert "replacingEntryId" not in found

    def test_asking_twice_cancels_the_first(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=3)
        entry = ready_video(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        assert self.replace(api, entry)["code"] == "ENTRY_REPLACEMENT_ALREADY_EXISTS"
        assert get(api, entry)["replacementStatus"] == 0
        assert get(api, temporary)["code"] == "ENTRY_ID_NOT_FOUND"

    def test_cancelled_content_never_arrives(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=0.5)
        entry = ready_video(api)
        before = [each["id"] for each in flavors(api, entry)]
        self.replace(api, entry)
        api.call("media", "cancelReplace", ks=api.admin, entryId=entry)
        ready_video(api)  # converted after the cancelled content would have been
        assert [each["id"] for each in flavors(api, entry)] == before

    def test_approval(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True)
        ks, entry = api.admin, ready_video(api)
        assert api.call("media", "approveReplace", ks=ks, entryId=entry)["code"] == "ENTRY_ID_NOT_REPLACED"
        assert self.replace(api, entry)["replacementStatus"] == 3
        wait_for(api, entry, replacementStatus=2)
        assert [each["version"] for each in flavors(api, entry)] == ["2", "2"]
        assert api.call("media", "approveReplace", ks=ks, entryId=entry)["replacementStatus"] == 0
        assert [each["version"] for each in flavors(api, entry)] == ["12", "12"]

    def test_approval_before_the_content_is_ready(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True, conversion_seconds=1)
        entry = ready_video(api)
        self.replace(api, entry)
        assert api.call("media", "approveReplace", ks=api.admin, entryId=entry)["replacementStatus"] == 1
        wait_for(api, entry, replacementStatus=0)
        assert [each["version"] for each in flavors(api, entry)] == ["12", "12"]

    def test_an_entry_that_failed_is_repaired_by_new_content(self, api: Api) -> None:
        entry = add_entry(api)
        add_content(api, entry, token_resource(api, b"no video", "a.mp4"))
        wait_for(api, entry, status=ERROR_CONVERTING)
        self.replace(api, entry)
        wait_for(api, entry, status=READY, replacementStatus=0)

    def test_an_import_that_fails_leaves_the_replacement_running(
        self, patient: Callable[..., Api], source: Origin
    ) -> None:
        api = patient(import_attempts=1, import_retry_seconds=0.1)
        entry = ready_video(api)
        resource = {"objectType": "KalturaUrlResource", "url": f"{source.url}/none.mp4"}
        answer = api.call("media", "updateContent", ks=api.admin, entryId=entry, resource=resource)
        wait_for(api, answer["replacingEntryId"], status=ERROR_IMPORTING)
        assert get(api, entry)["replacementStatus"] == 1

    def test_content_that_is_pushed_wins_over_an_import_that_still_tries(self, tmp_path: Path, source: Origin) -> None:
        with SandboxServer(make_settings(tmp_path / "data", import_retry_seconds=1.0)) as server:
            api = Api(server.url)
            entry = add_entry(api)
            add_content(api, entry, {"objectType": "KalturaUrlResource", "url": f"{source.url}/late.mp4"})
            wait_until(lambda: source.asked)
            source.files["/late.mp4"] = VIDEO * 2
            self.replace(api, entry)
            wait_for(api, entry, status=READY)
            count = "SELECT count(*) FROM jobs"
            wait_until(lambda: not server.sandbox.store.connection.execute(count).fetchone()[0])
            [source_asset] = [each for each in flavors(api, entry) if each["isOriginal"]]
            assert source_asset["sizeInBytes"] == str(len(VIDEO))
        assert len(source.asked) == 1

    def test_only_the_media_service_cancels_what_runs(self, patient: Callable[..., Api]) -> None:
        api = patient(conversion_seconds=3)
        entry = ready_video(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        resource = token_resource(api, VIDEO, "again.mp4")
        answer = api.call("baseEntry", "updateContent", ks=api.admin, entryId=entry, resource=resource)
        assert answer["code"] == "ENTRY_REPLACEMENT_ALREADY_EXISTS"
        assert get(api, entry)["replacingEntryId"] == temporary


class TestDocuments:
    """Documents are replaced by a temporary entry too, which is READY at once."""

    SERVICE = "document_documents"

    def document(self, api: Api) -> str:
        token = token_resource(api, b"%PDF-1.7 old", "paper.pdf")["token"]
        entry = {"objectType": "KalturaDocumentEntry", "documentType": 13, "name": "paper"}
        made = api.call(self.SERVICE, "addFromUploadedFile", ks=api.admin, documentEntry=entry, uploadTokenId=token)
        assert made["status"] == READY
        return str(made["id"])

    def replace(self, api: Api, entry: str) -> Any:
        resource = token_resource(api, b"%PDF-1.7 new", "paper.pdf")
        return api.call(self.SERVICE, "updateContent", ks=api.admin, entryId=entry, resource=resource)

    def content(self, api: Api, entry: str) -> bytes:
        reply = api.http.get(f"{api.url}/api_v3/service/{self.SERVICE}/action/serve", params={"entryId": entry})
        return bytes(reply.content)

    def test_new_content_is_in_at_once(self, api: Api) -> None:
        entry = self.document(api)
        answer = self.replace(api, entry)
        assert (answer["id"], answer["status"], answer["replacementStatus"]) == (entry, READY, 0)
        assert self.content(api, entry) == b"%PDF-1.7 new"

    def test_approval(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True)
        entry = self.document(api)
        assert self.replace(api, entry)["replacementStatus"] == 2
        assert self.content(api, entry) == b"%PDF-1.7 old"
        assert self.replace(api, entry)["code"] == "ENTRY_REPLACEMENT_ALREADY_EXISTS"
        answer = api.call(self.SERVICE, "approveReplace", ks=api.admin, entryId=entry)
        assert (answer["replacementStatus"], self.content(api, entry)) == (0, b"%PDF-1.7 new")

    def test_cancel(self, patient: Callable[..., Api]) -> None:
        api = patient(replacement_approval=True)
        entry = self.document(api)
        temporary = self.replace(api, entry)["replacingEntryId"]
        assert api.call(self.SERVICE, "cancelReplace", ks=api.admin, entryId=entry)["replacementStatus"] == 0
        assert get(api, temporary)["code"] == "ENTRY_ID_NOT_FOUND"
        assert self.content(api, entry) == b"%PDF-1.7 old"

    def test_data_entries_take_no_new_content_this_way(self, api: Api) -> None:
        entry = api.call("data", "add", ks=api.admin, dataEntry={"name": "d", "dataContent": "a"})["id"]
        resource = {"objectType": "KalturaStringResource", "content": "b"}
        answer = api.call("baseEntry", "updateContent", ks=api.admin, entryId=entry, resource=resource)
        assert answer["code"] == "ENTRY_TYPE_NOT_SUPPORTED"
