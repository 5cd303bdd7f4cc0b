"""Turns descriptions into what one Kaltura account takes, and finds what it would refuse before a byte is sent."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from kaltura_pipeline.enrichment.names import ACCESS_CONTROL, CONVERSION, METADATA, Names
from kaltura_pipeline.enrichment.resolved import Resolved
from kaltura_pipeline.manifests.model import Problem
from kaltura_provider.api.categories import MAX_CATEGORIES_OF_ENTRY, normalize_path
from kaltura_provider.api.enrichment.metadata import MetadataWish
from kaltura_provider.api.metadata_document import build_document
from kaltura_provider.api.metadata_schema import MetadataSchemaError
from kaltura_provider.api.named_profiles import UnknownProfileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kaltura_pipeline.manifests.model import Description
    from kaltura_provider.api import KalturaClient

#: Properties that a new entry takes and an existing one does not.
INSERT_ONLY = frozenset({"conversionProfileId", "templateEntryId"})
# Kaltura takes smaller numbers for seconds from now on.
_FIRST_ABSOLUTE_TIME = 315_360_000
_USER_ID = re.compile(r"[A-Za-z0-9,!#$%&'*+?^_`{|}~.@-]{1,100}")
_USER_LISTS = {
    "co_editors": "entitledUsersEdit",
    "co_publishers": "entitledUsersPublish",
    "viewers": "entitledUsersView",
}


class Resolver:
    """Resolves the descriptions of one plan or batch; what it asks Kaltura for, it asks once.

    Nothing is changed on Kaltura, except by :meth:`make_categories`. Not for use by several threads at once.

    :param client: the client.
    :param create_categories: categories that do not exist are no problem: they are to be made.
    :param max_categories: how many categories an entry may have; 32 unless Kaltura lifted that for the account.
    :param zone: time zone of dates in custom metadata that name none.
    """

    def __init__(
        self,
        client: KalturaClient,
        *,
        create_categories: bool = False,
        max_categories: int = MAX_CATEGORIES_OF_ENTRY,
        zone: datetime.tzinfo = datetime.timezone.utc,
    ) -> None:
        self.create_categories = create_categories
        self.max_categories = max_categories
        self.zone = zone
        self._names = Names(client)

    def prefetch(self, descriptions: Iterable[Description]) -> None:
        """Ask for all names that descriptions hold, so that resolving them needs few calls, however many they are.

        That is one ``category.list`` and one ``baseEntry.list`` for 150 categories or template entries, and one
        ``list`` for each kind of profile that is named.

        :param descriptions: the descriptions of the batch; gone through once.
        :raises KalturaError: if a call failed.
        """
        paths: dict[str, None] = {}
        templates: dict[str, None] = {}
        kinds: set[str] = set()
        for each in descriptions:
            paths.update(dict.fromkeys(_good_paths(each)))
            templates.update({each.template_entry: None} if each.template_entry else {})
            kinds.update({ACCESS_CONTROL} if each.access_control else ())
            kinds.update({CONVERSION} if each.conversion_profile else ())
            kinds.update({METADATA} if each.metadata else ())
        self._names.load_categories(paths)
        self._names.load_entries(templates)
        for kind in sorted(kinds):
            self._names.load_profiles(kind)

    def make_categories(self, descriptions: Iterable[Description]) -> int:
        """Make the categories of descriptions that do not exist yet, with the levels above them.

        Call it before :meth:`resolve`, and not in a dry run. Safe to repeat, and for several at once.

        :param descriptions: the descriptions of the batch.
        :return: how many were missing.
        :raises KalturaError: from ``category.list`` and ``category.add``.
        """
        return self._names.make_categories(path for each in descriptions for path in _good_paths(each))

    def resolve(self, description: Description, file: str, place: str = "") -> Resolved:
        """Turn a description into what this account takes.

        :param description: the description.
        :param file: the file it is from, for the problems.
        :param place: where in it, such as ``row 12``.
        :return: the result, with what is wrong among it.
        :raises KalturaError: if a call failed.
        """
        return _Resolution(self, self._names, description, file, place).result()

    def to_json(self) -> dict[str, Any]:
        """Return the names known so far as plain JSON, such as for a plan."""
        return self._names.to_json()

    @classmethod
    def from_json(cls, client: KalturaClient, data: Mapping[str, Any], **options: Any) -> Resolver:
        """Rebuild a resolver that knows what another one knew.

        :param client: the client.
        :param data: from :meth:`to_json`.
        :param options: as for the class.
        """
        resolver = cls(client, **options)
        resolver._names = Names.from_json(client, data)
        return resolver


class _Resolution:
    """Resolves one description."""

    def __init__(self, resolver: Resolver, names: Names, description: Description, file: str, place: str) -> None:
        self.resolver = resolver
        self.names = names
        self.description = description
        self.file = file
        self.place = place
        self.problems: list[Problem] = []

    def result(self) -> Resolved:
        fields = self._fields()
        ids, missing = self._categories()
        return Resolved(
            fields=fields,
            insert_only=INSERT_ONLY & fields.keys(),
            category_ids=tuple(ids),
            new_categories=tuple(missing),
            metadata=self._metadata(),
            problems=tuple(self.problems),
        )

    def _problem(self, field: str, message: str, fix: str) -> None:
        self.problems.append(Problem(self.file, self.place, field, message, fix))

    def _fields(self) -> dict[str, Any]:
        said = self.description
        fields: dict[str, Any] = {
            "name": said.name,
            "description": said.description,
            "tags": None if said.tags is None else ", ".join(said.tags),
            "userId": self._user("owner", said.owner) if said.owner else None,
            "startDate": self._time("start", said.start),
            "endDate": self._time("end", said.end),
            "accessControlId": self._profile("access_control", ACCESS_CONTROL, said.access_control),
            "conversionProfileId": self._profile("conversion_profile", CONVERSION, said.conversion_profile),
            "templateEntryId": self._template(said.template_entry),
        }
        if said.start is not None and said.end is not None and said.start >= said.end:
            self._problem("end", "it does not lie after start", "let it end later than it starts")
        for field, name in _USER_LISTS.items():
            users = getattr(said, field)
            if users is not None:
                fields[name] = ",".join(self._user(field, user, listed=True) for user in users)
        return {name: value for name, value in fields.items() if value is not None}

    def _user(self, field: str, user: str, *, listed: bool = False) -> str:
        if listed and "," in user:
            self._problem(field, f"the user ID {user!r} holds a comma", "list each user by itself")
        elif not _USER_ID.fullmatch(user):
            self._problem(
                field,
                f"Kaltura takes no user ID {user[:100]!r}",
                "use 1 to 100 letters without accents, digits and signs such as . _ - @; no spaces",
            )
        return user

    def _time(self, field: str, seconds: int | None) -> int | None:
        if seconds is not None and seconds < _FIRST_ABSOLUTE_TIME:
            self._problem(field, f"{seconds} s since 1970 lies before 1980, which Kaltura does not take", "correct it")
        return seconds

    def _profile(self, field: str, kind: str, name: str | None) -> int | None:
        if not name:
            return None
        try:
            return self.names.profile(kind, name).id
        except UnknownProfileError as error:
            self._problem(field, error.message, error.fix)
            return None

    def _template(self, entry_id: str | None) -> str | None:
        if entry_id and not self.names.entry_exists(entry_id):
            self._problem(
                "template_entry", f"the account has no entry {entry_id!r}", "check the ID in the KMC, Content > Entries"
            )
        return entry_id or None

    def _categories(self) -> tuple[list[int], list[str]]:
        """Return the ids, and the paths that are to be made."""
        ids: dict[int, None] = {}
        missing: dict[str, None] = {}
        for path, message, fix in _paths(self.description):
            if message:
                self._problem("categories", message, fix)
                continue
            found = self.names.category(path)
            if found is not None:
                ids[found] = None
            elif self.resolver.create_categories:
                missing[path] = None
            else:
                near = self.names.nearest_category(path)
                fix = f"did you mean {near!r}?" if near else "make it in the KMC, or let missing categories be made"
                self._problem("categories", f"the account has no category {path!r}", fix)
        count, most = len(ids) + len(missing), self.resolver.max_categories
        if count > most:
            self._problem("categories", f"{count} categories, of which an entry can have {most}", "leave some out")
        return list(ids), list(missing)

    def _metadata(self) -> dict[str, MetadataWish]:
        wishes: dict[str, MetadataWish] = {}
        written: dict[str, str] = {}
        for name, values in self.description.metadata.items():
            field = f"metadata.{name}"
            try:
                profile = self.names.profile(METADATA, name)
                schema = self.names.schema(profile)
                xml, problems = build_document(schema, values, self.resolver.zone)
            except UnknownProfileError as error:
                self._problem(field, error.message, error.fix)
                continue
            except MetadataSchemaError as error:
                self._problem(field, str(error), "correct the profile in the KMC, Settings > Custom Data")
                continue
            for each in problems:
                self._problem(f"{field}.{each.field}" if each.field else field, each.message, each.fix)
            key = str(profile.id)
            if key in wishes:
                self._problem(field, f"it is the same profile as {written[key]!r}", "name it once, with all its fields")
            elif not problems:
                wishes[key] = MetadataWish(xml, schema.order)
                written[key] = name
        return wishes


class _Path(NamedTuple):
    """A category path in Kaltura's form; if that cannot be, empty, with what is wrong and how to correct it."""

    path: str
    message: str = ""
    fix: str = ""


def _paths(description: Description) -> list[_Path]:
    paths = []
    for written in description.categories or ():
        try:
            paths.append(_Path(normalize_path(written)))
        except ValueError as error:
            message, _, fix = str(error).rpartition(": ")
            paths.append(_Path("", message, fix))
    return paths


def _good_paths(description: Description) -> list[str]:
    return [each.path for each in _paths(description) if each.path]
