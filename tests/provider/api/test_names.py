"""Categories by path and profiles by name: found in few calls, made once, and never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.provider.api.conftest import ClientFactory

from kaltura_provider.api import KalturaClient, KalturaError
from kaltura_provider.api.categories import ensure_category, find_categories, known_paths, normalize_path
from kaltura_provider.api.named_profiles import (
    UnknownProfileError,
    find_profile,
    list_access_control,
    list_conversion,
)
from kaltura_provider.api.suggestions import nearest
from kaltura_sandbox.faults.fault import Fault
from kaltura_sandbox.faults.proxy import FaultProxy
from kaltura_sandbox.faults.rules import Rule
from kaltura_sandbox.server import SandboxServer


@pytest.fixture
def proxy(sandbox: SandboxServer) -> Iterator[FaultProxy]:
    with FaultProxy(sandbox.url) as running:
        yield running


def add(client: KalturaClient, name: str, parent: int = 0) -> int:
    return int(client.call("category", "add", {"category": {"name": name, "parentId": parent}})["id"])


def paths_below(client: KalturaClient, top: str) -> list[str]:
    listed = client.call("category", "list", {"filter": {"fullNameStartsWith": top}, "pager": {"pageSize": 500}})
    return sorted(item["fullName"] for item in listed["objects"])


def test_a_path_is_brought_into_kalturas_form() -> None:
    assert normalize_path(" Physics > Wave  optics>A") == "Physics>Wave  optics>A"
    for wrong in ("", "a>", ">a", "a>>b"):
        with pytest.raises(ValueError, match="level without a name"):
            normalize_path(wrong)
    with pytest.raises(ValueError, match="201 characters"):
        normalize_path("a>" + "x" * 201)


def test_hundreds_of_paths_take_few_calls(new_client: ClientFactory, proxy: FaultProxy, uniq: str) -> None:
    client = new_client(url=proxy.url)
    top = add(client, uniq)
    made = {f"{uniq}>{number}": add(client, str(number), top) for number in range(160)}
    with_comma = add(client, "a, b", top)
    proxy.reset()
    found = find_categories(client, [*made, f"{uniq}>A, B", f"{uniq}>none", uniq.upper()])
    assert found == {**made, f"{uniq}>A, B": with_comma, uniq.upper(): top}
    # 150 names, the rest, and the one that a list of names cannot hold.
    assert proxy.calls.count("category.list") == 3


def test_a_missing_path_is_made_with_the_levels_above_it(client: KalturaClient, uniq: str) -> None:
    add(client, uniq)
    made = ensure_category(client, f"{uniq}>Physics>Wave, optics")
    assert paths_below(client, uniq) == [uniq, f"{uniq}>Physics", f"{uniq}>Physics>Wave, optics"]
    assert ensure_category(client, f"{uniq}>physics>wave, Optics") == made
    assert find_categories(client, [f"{uniq}>Physics>Wave, optics"]) == {f"{uniq}>Physics>Wave, optics": made}


def test_several_at_once_make_a_path_once(new_client: ClientFactory, uniq: str) -> None:
    clients = [new_client() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda client: ensure_category(client, f"{uniq}>a>b"), clients))
    assert len(ids) == 1
    assert paths_below(clients[0], uniq) == [uniq, f"{uniq}>a", f"{uniq}>a>b"]


def test_a_category_whose_answer_was_lost_is_found_again(
    new_client: ClientFactory, proxy: FaultProxy, uniq: str
) -> None:
    client = new_client(url=proxy.url)
    proxy.set_rules([Rule(Fault("drop_answer"), action="category.add", nth=1)])
    made = ensure_category(client, f"{uniq}>a")
    assert len(proxy.events) == 1
    assert paths_below(client, uniq) == [uniq, f"{uniq}>a"]
    assert find_categories(client, [f"{uniq}>a"]) == {f"{uniq}>a": made}


def test_a_category_that_the_index_does_not_show_yet_is_waited_for(
    new_sandbox: Callable[..., SandboxServer], new_client: ClientFactory
) -> None:
    server = new_sandbox(index_lag=0.5)
    client = new_client(url=server.url, backoff_initial=0.1, backoff_max=5.0)
    assert ensure_category(client, "new>deep") == ensure_category(client, "new>deep")


def test_a_category_that_may_not_be_made_is_an_error(new_client: ClientFactory, proxy: FaultProxy, uniq: str) -> None:
    client = new_client(url=proxy.url)
    proxy.set_rules([Rule(Fault("api_error", code="SERVICE_FORBIDDEN"), action="category.add")])
    with pytest.raises(KalturaError, match="SERVICE_FORBIDDEN"):
        ensure_category(client, uniq)


def test_known_paths_end_at_the_limit(client: KalturaClient, uniq: str) -> None:
    add(client, uniq)
    assert len(known_paths(client, 1)) == 1
    assert uniq in known_paths(client, 100_000)


def test_the_nearest_name_is_found_in_any_letters() -> None:
    assert nearest("physics>optiks", ["Physics>Optics", "Maths"]) == "Physics>Optics"
    assert nearest("zzzz", ["Physics>Optics"]) == ""


def test_profiles_are_found_by_name_and_system_name(client: KalturaClient, uniq: str) -> None:
    def new(name: str, system_name: str = "") -> int:
        profile = {"name": name, "systemName": system_name, "rules": []}
        return int(client.call("accessControlProfile", "add", {"accessControlProfile": profile})["id"])

    staff, first, second = new(f"Staff {uniq}"), new(f"Twice {uniq}", f"one{uniq}"), new(f"Twice {uniq}", f"two{uniq}")
    profiles = list_access_control(client)
    assert find_profile(profiles, f"staff {uniq}", "access control profile").id == staff
    assert find_profile(profiles, f"one{uniq}", "access control profile").id == first
    assert find_profile(profiles, f"two{uniq}", "access control profile").id == second
    with pytest.raises(UnknownProfileError, match=f"2 profiles are called .*one{uniq}.*use the system name"):
        find_profile(profiles, f"Twice {uniq}", "access control profile")
    with pytest.raises(UnknownProfileError, match=f"no access control profile .*did you mean 'Staff {uniq}'"):
        find_profile(profiles, f"Staf {uniq}", "access control profile")
    with pytest.raises(UnknownProfileError, match="make one in the KMC first"):
        find_profile([], "any", "conversion profile")


def test_disabled_conversion_profiles_are_left_out(client: KalturaClient, uniq: str) -> None:
    for name, status in ((f"on {uniq}", "2"), (f"off {uniq}", "1")):
        client.call("conversionProfile", "add", {"conversionProfile": {"name": name, "status": status}})
    names = [profile.name for profile in list_conversion(client) if uniq in profile.name]
    assert names == [f"on {uniq}"]
