"""From request parameters to typed arguments: Kaltura's deserializer with its quirks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .casting import check_characters, to_bool, to_float, to_int, to_text, to_time
from .errors import fail
from .schema import ENUMERATIONS, NULL, TYPES, ApiObject, KalturaType

MANDATORY = object()


@dataclass(frozen=True)
class Parameter:
    """A declared parameter of an action.

    :param name: Kaltura's name.
    :param kind: as of :class:`~kaltura_sandbox.schema.Property`, or ``file`` for a file part.
    :param default: the value when it is not sent; ``MANDATORY`` makes that an error.
    """

    name: str
    kind: str
    default: Any = MANDATORY


@dataclass(frozen=True)
class UploadedFile:
    """A file part of a multipart request, already on disk.

    :param name: the file name the client gave.
    :param content_type: the part's content type.
    :param path: where the bytes are; move the file away to keep it, else it goes with the request.
    :param size: bytes.
    :param too_large: the part exceeded the limit of a single file, its bytes were dropped.
    """

    name: str
    content_type: str
    path: Path
    size: int
    too_large: bool = False


def build_arguments(parameters: tuple[Parameter, ...], request: dict[str, Any]) -> dict[str, Any]:
    """Convert the parameters of a request.

    :param parameters: the action's declaration.
    :param request: the grouped request parameters; names are matched exactly, as Kaltura does.
    :return: values by parameter name.
    :raises ApiError: ``MISSING_MANDATORY_PARAMETER`` and the errors of conversion.
    """
    arguments: dict[str, Any] = {}
    for each in parameters:
        if each.name + "__null" in request and each.name not in request:
            arguments[each.name] = None
        elif each.name in request:
            arguments[each.name] = _argument(each, request[each.name])
        elif each.default is MANDATORY:
            raise fail("MISSING_MANDATORY_PARAMETER", PARAM_NAME=each.name)
        else:
            arguments[each.name] = each.default
    return arguments


def _argument(parameter: Parameter, value: Any) -> Any:
    if parameter.kind == "file":
        if isinstance(value, UploadedFile):
            return value
        if parameter.default is MANDATORY:
            raise fail("MISSING_MANDATORY_PARAMETER", PARAM_NAME=parameter.name)
        return parameter.default
    return convert(parameter.kind, value, parameter.name, parameter.name)


def convert(kind: str, value: Any, name: str, path: str) -> Any:
    """Convert one request value to a declared kind.

    :param kind: as of :class:`~kaltura_sandbox.schema.Property`.
    :param value: the value as sent.
    :param name: the name that errors about single values show.
    :param path: the colon path that errors about objects show.
    :raises ApiError: the value can not be of this kind.
    """
    if kind == "string":
        text = to_text(value)
        check_characters(text, name)
        return text
    if kind == "mstring":
        return _multilingual(value, name, path)
    if kind in {"int", "bigint"}:
        return to_int(value)
    if kind == "bool":
        return to_bool(value)
    if kind == "float":
        return to_float(value)
    if kind == "time":
        return to_time(value)
    if kind in {"raw", "file"}:
        return value
    if kind.startswith("array<"):
        return _array(kind[6:-1], value, path)
    if kind in ENUMERATIONS:
        return _enumerated(kind, value, name)
    return build_object(TYPES[kind], value, path)


def _multilingual(value: Any, name: str, path: str) -> str:
    if value is None:
        raise fail("WRONG_REQUEST_LANGUAGE", LANGUAGE="N/A")
    if isinstance(value, (list, dict)):
        items = list(value.values()) if isinstance(value, dict) else value
        if not all(isinstance(item, dict) for item in items):
            raise fail("PROPERTY_VALIDATION_WRONG_FORMAT", PROP_NAME=path, FORMAT="array")
        texts = {to_text(item.get("language", "default")): to_text(item.get("value")) for item in items}
        value = texts.get("default", next(iter(texts.values()), ""))
    text = to_text(value)
    check_characters(text, name)
    return text


def _enumerated(kind: str, value: Any, name: str) -> int | str:
    declared = ENUMERATIONS[kind]
    if isinstance(value, (list, dict)):
        raise fail("INVALID_ENUM_VALUE", ENUM_VAL="Array", PARAM_NAME=name, ENUM_TYPE=kind)
    text = to_text(value)
    if declared.textual:
        chosen: int | str = text
        good = declared.values is None or text in declared.values
    else:
        text = {"true": "1", "false": "0"}.get(text.lower(), text) if isinstance(value, str) else text
        chosen = to_int(value) if value is None or isinstance(value, bool) else to_int(text)
        good = declared.values is None or (chosen in declared.values and text.strip() in {str(chosen), ""})
        if value is False:
            good = declared.values is None or 0 in declared.values
    if not good:
        raise fail("INVALID_ENUM_VALUE", ENUM_VAL=text, PARAM_NAME=name, ENUM_TYPE=kind)
    return chosen


def _array(element: str, value: Any, path: str) -> list[Any]:
    if isinstance(value, dict):
        pairs = [(key, item) for key, item in value.items() if key != "-"]
        numbered = all(str(key).isdecimal() for key, _ in pairs)
        items = [item for _, item in (sorted(pairs, key=lambda pair: int(pair[0])) if numbered else pairs)]
    elif isinstance(value, list):
        items = value
    elif value is None or value == "":
        items = []
    else:
        raise fail("PROPERTY_VALIDATION_WRONG_FORMAT", PROP_NAME=path, FORMAT="array")
    return [convert(element, item, path, f"{path}:{index}") for index, item in enumerate(items)]


def build_object(declared: KalturaType, value: Any, path: str) -> ApiObject:
    """Build an object of a request.

    :param declared: the declared type; ``objectType`` may choose one derived from it, anything else is ignored.
    :param value: the grouped parameters of the object.
    :param path: the colon path that errors show.
    :raises ApiError: the value is no object, is of an abstract type, or has a property of a wrong kind.
    """
    if not isinstance(value, (dict, list)):
        raise fail("PROPERTY_VALIDATION_WRONG_FORMAT", PROP_NAME=path, FORMAT="array")
    fields = value if isinstance(value, dict) else {str(index): item for index, item in enumerate(value)}
    chosen = TYPES.get(to_text(fields.get("objectType", "")), declared)
    if not chosen.is_a(declared.name):
        chosen = declared
    if chosen.abstract:
        raise fail("OBJECT_TYPE_ABSTRACT", OBJ_TYPE=chosen.name)
    values: dict[str, Any] = {}
    for name, each in chosen.properties.items():
        if name + "__null" in fields:
            values[name] = NULL
        elif name in fields:
            values[name] = convert(each.kind, fields[name], name, f"{path}:{name}")
    return ApiObject(chosen, values)
