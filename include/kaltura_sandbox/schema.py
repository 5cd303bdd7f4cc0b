"""Kaltura's object types, declared as data: properties, their kinds, and who may set them.

``kaltura_type("KalturaUploadToken", None, prop("fileName", "string"), prop("status", "int", read_only=True))``
is all it takes. Types refer to each other by name, so the order of declarations does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import fail

# Kinds of properties and parameters; anything else is the name of an enumeration or of an object type, or
# "array<kind>".


@dataclass(frozen=True)
class Property:
    """One property of a type.

    :param name: Kaltura's name of it.
    :param kind: ``string``, ``mstring`` (a text that may come in several languages: name, description, tags),
        ``int``, ``bigint`` (answered as text), ``bool``, ``float``, ``time``, ``raw`` (taken and answered as it is),
        the name of an enumeration or object type, or ``array<kind>``.
    :param read_only: sending it is ``PROPERTY_VALIDATION_NOT_UPDATABLE``.
    :param insert_only: sending it in an update is ``PROPERTY_VALIDATION_NOT_UPDATABLE``.
    :param write_only: never answered.
    :param min_length: least number of characters.
    :param max_length: greatest number of characters.
    :param min_value: least number.
    :param max_value: greatest number.
    """

    name: str
    kind: str
    read_only: bool = False
    insert_only: bool = False
    write_only: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: int | None = None
    max_value: int | None = None

    @property
    def element(self) -> str | None:
        """The kind of the elements when this is an array, else None."""
        return self.kind[6:-1] if self.kind.startswith("array<") else None


@dataclass
class KalturaType:
    """A declared object type.

    :param name: for example ``KalturaMediaEntry``.
    :param parent: name of the base type.
    :param own: the properties it adds.
    :param abstract: needs an ``objectType`` that names a concrete type.
    :param always_answered: properties that a response profile can not leave out.
    """

    name: str
    parent: str | None
    own: tuple[Property, ...]
    abstract: bool = False
    always_answered: frozenset[str] = frozenset()
    _all: dict[str, Property] | None = field(default=None, repr=False, compare=False)

    @property
    def properties(self) -> dict[str, Property]:
        """All properties by name, inherited ones first."""
        if self._all is None:
            inherited = dict(TYPES[self.parent].properties) if self.parent else {}
            inherited.update({each.name: each for each in self.own})
            self._all = inherited
        return self._all

    @property
    def kept(self) -> frozenset[str]:
        """Properties that a response profile can not leave out, inherited ones included."""
        return self.always_answered | (TYPES[self.parent].kept if self.parent else frozenset())

    def is_a(self, name: str) -> bool:
        """Tell whether this is the named type or derived from it."""
        return self.name == name or (self.parent is not None and TYPES[self.parent].is_a(name))


@dataclass(frozen=True)
class Enumeration:
    """A set of allowed values.

    :param name: for example ``KalturaMediaType``.
    :param values: the allowed values; None allows all.
    :param textual: whether values are texts (dynamic enumerations) rather than numbers.
    """

    name: str
    values: frozenset[int | str] | None
    textual: bool


TYPES: dict[str, KalturaType] = {}
ENUMERATIONS: dict[str, Enumeration] = {}


def prop(name: str, kind: str = "string", **options: Any) -> Property:
    """Declare a property; see :class:`Property` for the options."""
    return Property(name, kind, **options)


def props(kind: str, names: str, **options: Any) -> tuple[Property, ...]:
    """Declare several properties of one kind: ``*props("int", "width height", read_only=True)``."""
    return tuple(Property(name, kind, **options) for name in names.split())


def kaltura_type(
    name: str, parent: str | None, *own: Property, abstract: bool = False, always_answered: tuple[str, ...] = ()
) -> KalturaType:
    """Declare an object type and return it.

    :param name: Kaltura's name.
    :param parent: name of the base type, which may be declared later.
    :param own: the properties it adds or replaces.
    :param abstract: callers must name a concrete type in ``objectType``.
    :param always_answered: properties that stay in the answer whatever a response profile says.
    :raises ValueError: the name is declared already, and otherwise.
    """
    declared = KalturaType(name, parent, own, abstract, frozenset(always_answered))
    if TYPES.setdefault(name, declared) != declared:
        raise ValueError(f"{name} is already declared, with other properties: share one declaration")
    return TYPES[name]


def int_enum(name: str, *values: int) -> None:
    """Declare an enumeration of numbers; no values allow every number."""
    _declare(Enumeration(name, frozenset(values) or None, textual=False))


def string_enum(name: str, *values: str) -> None:
    """Declare an enumeration of texts (also Kaltura's dynamic enumerations); no values allow every text."""
    _declare(Enumeration(name, frozenset(values) or None, textual=True))


def _declare(declared: Enumeration) -> None:
    if ENUMERATIONS.setdefault(declared.name, declared) != declared:
        raise ValueError(f"{declared.name} is already declared, with other values: share one declaration")


def list_type(name: str, element: str) -> KalturaType:
    """Declare the answer of a list action: ``totalCount`` and ``objects``."""
    return kaltura_type(name, None, prop("totalCount", "int"), prop("objects", f"array<{element}>"))


class Null:
    """The value of a property sent with the suffix ``__null``: it is to be emptied."""

    def __repr__(self) -> str:
        return "NULL"


NULL = Null()


class ApiObject:
    """An object of a request: its type and the properties that were sent, converted to their kinds.

    :param kind: the type.
    :param values: the sent properties; :data:`NULL` for one sent with ``__null``.
    """

    def __init__(self, kind: KalturaType, values: dict[str, Any]) -> None:
        self.kind = kind
        self.values = values

    def __repr__(self) -> str:
        return f"{self.kind.name}({sorted(self.values)})"

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a property, or the default when it was not sent or sent as ``__null``."""
        value = self.values.get(name, default)
        return default if value is NULL else value

    def is_a(self, type_name: str) -> bool:
        """Tell whether the object is of the named type or one derived from it."""
        return self.kind.is_a(type_name)

    def require(self, *names: str) -> None:
        """Refuse the object unless these properties have values.

        :raises ApiError: ``PROPERTY_VALIDATION_CANNOT_BE_NULL`` for the first one missing.
        """
        for name in names:
            if self.get(name) is None:
                raise fail("PROPERTY_VALIDATION_CANNOT_BE_NULL", PROP_NAME=f"{self.kind.name}::{name}")

    def check_insert(self) -> None:
        """Validate the object for an add action.

        :raises ApiError: a read-only property was sent, or a length or number is out of bounds.
        """
        self._check(updating=False)

    def check_update(self) -> None:
        """Validate the object for an update action; insert-only properties are refused as well."""
        self._check(updating=True)

    def _check(self, *, updating: bool) -> None:
        for name, value in self.values.items():
            declared = self.kind.properties[name]
            where = f"{self.kind.name}::{name}"
            if declared.read_only or (updating and declared.insert_only):
                raise fail("PROPERTY_VALIDATION_NOT_UPDATABLE", PROP_NAME=where)
            if isinstance(value, str):
                if declared.min_length is not None and len(value) < declared.min_length:
                    raise fail("PROPERTY_VALIDATION_MIN_LENGTH", PROP_NAME=where, MIN_LEN=declared.min_length)
                if declared.max_length is not None and len(value) > declared.max_length:
                    raise fail("PROPERTY_VALIDATION_MAX_LENGTH", PROP_NAME=where, MAX_LEN=declared.max_length)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                if declared.min_value is not None and value < declared.min_value:
                    raise fail("PROPERTY_VALIDATION_MIN_VALUE", PROP_NAME=where, MIN_VAL=declared.min_value)
                if declared.max_value is not None and value > declared.max_value:
                    raise fail("PROPERTY_VALIDATION_MAX_VALUE", PROP_NAME=where, MAX_VAL=declared.max_value)

    def apply_to(self, document: dict[str, Any]) -> None:
        """Write the sent properties into a stored document; ``__null`` removes the property.

        Nested objects are stored as :meth:`to_document` makes them.
        """
        for name, value in self.values.items():
            if value is NULL:
                document.pop(name, None)
            else:
                document[name] = _plain(value)

    def to_document(self) -> dict[str, Any]:
        """Return the object as plain JSON data, with its ``objectType``, fit to be stored."""
        document: dict[str, Any] = {"objectType": self.kind.name}
        self.apply_to(document)
        return document


def _plain(value: Any) -> Any:
    if isinstance(value, ApiObject):
        return value.to_document()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def render(type_name: str, document: dict[str, Any]) -> dict[str, Any]:
    """Make the answer for a stored document: the declared properties in order, then ``objectType``.

    Properties without a value are None; JSON leaves them out, XML shows them empty. Nested documents that carry
    an ``objectType``, and arrays of them, are rendered as that type.

    :param type_name: the declared type to answer.
    :param document: the stored data; keys that are not properties stay private.
    """
    declared = TYPES[type_name]
    answer: dict[str, Any] = {}
    for name, each in declared.properties.items():
        value = None if each.write_only else document.get(name)
        if value is not None:
            value = _render_value(each.kind, value)
        answer[name] = value
    answer["objectType"] = type_name
    return answer


def _render_value(kind: str, value: Any) -> Any:
    if kind == "bigint":
        return str(value)
    if isinstance(value, dict):
        own_type = value.get("objectType", kind)
        return render(own_type, value) if own_type in TYPES else value
    if isinstance(value, list):
        element = kind[6:-1] if kind.startswith("array<") else ""
        return [_render_value(element, item) for item in value]
    return value


def render_list(type_name: str, objects: list[dict[str, Any]], total: int) -> dict[str, Any]:
    """Make the answer of a list action.

    :param type_name: the list type, for example ``KalturaMediaListResponse``.
    :param objects: rendered objects.
    :param total: number of all matches.
    """
    return {"totalCount": total, "objects": objects, "objectType": type_name}
