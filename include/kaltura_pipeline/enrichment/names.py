"""The names an account knows, asked for in few calls and kept, so that a plan can carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kaltura_provider.api import named_profiles
from kaltura_provider.api.categories import ensure_category, find_categories, known_paths
from kaltura_provider.api.lookup import get_entries
from kaltura_provider.api.metadata_schema import MetadataSchema
from kaltura_provider.api.named_profiles import NamedProfile, find_profile
from kaltura_provider.api.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kaltura_provider.api import KalturaClient

ACCESS_CONTROL, CONVERSION, METADATA = "access control profile", "conversion profile", "metadata profile"
_LISTS: dict[str, Callable[[KalturaClient], list[NamedProfile]]] = {
    ACCESS_CONTROL: named_profiles.list_access_control,
    CONVERSION: named_profiles.list_conversion,
    METADATA: named_profiles.list_metadata,
}
# To name the nearest one to a wrong path: so many are listed, and looked for so often.
_SUGGESTED_FROM = 2000
_SUGGESTIONS = 100


class Names:
    """What the account knows, as far as somebody asked. Not for use by several threads at once.

    :param client: the client; nothing is asked before a name is needed.
    """

    def __init__(self, client: KalturaClient) -> None:
        self._client = client
        # By path in small letters, as Kaltura compares; None where there is no such category.
        self._categories: dict[str, int | None] = {}
        self._paths: list[str] | None = None
        self._suggestions: dict[str, str] = {}
        self._profiles: dict[str, list[NamedProfile]] = {}
        self._schemas: dict[int, MetadataSchema] = {}
        self._entries: dict[str, bool] = {}

    def load_categories(self, paths: Iterable[str]) -> None:
        """Ask for categories that were not asked for before, 150 with one call.

        :param paths: full paths in Kaltura's form.
        :raises KalturaError: from ``category.list``.
        """
        unknown = [path for path in dict.fromkeys(paths) if path.casefold() not in self._categories]
        if not unknown:
            return
        found = find_categories(self._client, unknown)
        for path in unknown:
            self._categories[path.casefold()] = found.get(path)

    def category(self, path: str) -> int | None:
        """Return the id of a category, None if there is none of this path.

        :param path: full path in Kaltura's form.
        :raises KalturaError: from ``category.list``.
        """
        self.load_categories([path])
        return self._categories[path.casefold()]

    def nearest_category(self, path: str) -> str:
        """Return the path of a category that looks like another path, empty if none does.

        :param path: a path that does not exist.
        :raises KalturaError: from ``category.list``.
        """
        folded = path.casefold()
        if folded not in self._suggestions:
            if self._paths is None:
                self._paths = known_paths(self._client, _SUGGESTED_FROM)
            if len(self._suggestions) >= _SUGGESTIONS:
                return ""
            self._suggestions[folded] = nearest(path, self._paths)
        return self._suggestions[folded]

    def make_categories(self, paths: Iterable[str]) -> int:
        """Make the categories that do not exist; safe for several at once.

        :param paths: full paths in Kaltura's form.
        :return: how many were missing.
        :raises KalturaError: from ``category.list`` and ``category.add``.
        """
        wanted = list(dict.fromkeys(paths))
        self.load_categories(wanted)
        missing = [path for path in wanted if self._categories[path.casefold()] is None]
        for path in missing:
            self._categories[path.casefold()] = ensure_category(self._client, path)
        return len(missing)

    def load_profiles(self, kind: str) -> list[NamedProfile]:
        """Return the account's profiles of a kind.

        :param kind: :data:`ACCESS_CONTROL`, :data:`CONVERSION` or :data:`METADATA`.
        :raises KalturaError: from the kind's ``list``.
        """
        if kind not in self._profiles:
            self._profiles[kind] = _LISTS[kind](self._client)
        return self._profiles[kind]

    def profile(self, kind: str, name: str) -> NamedProfile:
        """Return a profile by name or system name.

        :param kind: :data:`ACCESS_CONTROL`, :data:`CONVERSION` or :data:`METADATA`.
        :param name: what a person wrote.
        :raises UnknownProfileError: no profile has this name, or several do.
        :raises KalturaError: from the kind's ``list``.
        """
        return find_profile(self.load_profiles(kind), name, kind)

    def schema(self, profile: NamedProfile) -> MetadataSchema:
        """Return the schema of a metadata profile.

        :param profile: as :meth:`profile` returned it.
        :raises MetadataSchemaError: it cannot be read.
        :raises KalturaError: from ``metadata_metadataProfile.serve``.
        """
        if profile.id not in self._schemas:
            full = named_profiles.with_schema(self._client, profile)
            self._profiles[METADATA] = [full if each.id == full.id else each for each in self.load_profiles(METADATA)]
            self._schemas[profile.id] = MetadataSchema(full.xsd)
        return self._schemas[profile.id]

    def load_entries(self, ids: Iterable[str]) -> None:
        """Ask which entries exist, 150 with one call.

        :param ids: entry ids.
        :raises KalturaError: from ``baseEntry.list`` and ``baseEntry.getByIds``.
        """
        unknown = [each for each in dict.fromkeys(ids) if each not in self._entries]
        if unknown:
            found = get_entries(self._client, unknown)
            self._entries.update({each: each in found for each in unknown})

    def entry_exists(self, entry_id: str) -> bool:
        """Tell whether an entry exists.

        :param entry_id: its id.
        :raises KalturaError: from ``baseEntry.list`` and ``baseEntry.getByIds``.
        """
        self.load_entries([entry_id])
        return self._entries[entry_id]

    def to_json(self) -> dict[str, Any]:
        """Return what is known as plain JSON; schemas only of profiles that were used."""
        return {
            "categories": self._categories,
            "suggestions": self._suggestions,
            "entries": self._entries,
            "profiles": {
                kind: [{**each.to_json(), "xsd": each.xsd if each.id in self._schemas else ""} for each in profiles]
                for kind, profiles in self._profiles.items()
            },
        }

    @classmethod
    def from_json(cls, client: KalturaClient, data: Mapping[str, Any]) -> Names:
        """Rebuild it from :meth:`to_json`; what is not in there is asked for again."""
        names = cls(client)
        names._categories = dict(data["categories"])
        names._suggestions = dict(data["suggestions"])
        names._entries = dict(data["entries"])
        names._profiles = {
            kind: [NamedProfile.from_json(each) for each in profiles] for kind, profiles in data["profiles"].items()
        }
        return names
