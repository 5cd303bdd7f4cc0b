"""Rules of access control profiles: as a person declares them, as Kaltura keeps them, and how both differ.

A declared rule is plain JSON, such as ``{"conditions": [{"country": ["DE", "FR"], "not": True}], "actions": "block"}``:
its actions are taken if all its conditions hold.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kaltura_provider.api.drift import Drift

#: ``KalturaContextType`` by name.
CONTEXTS: Mapping[str, int] = {"play": 1, "download": 2, "thumbnail": 3, "metadata": 4, "export": 5, "serve": 6}

_TEXTS = {"message": "message", "description": "description", "code": "code"}
_FLAGS = {"stop_processing": "stopProcessing", "force_admin_validation": "forceAdminValidation"}
_FIELDS = ("conditions", "actions", "contexts", *_TEXTS, *_FLAGS)
_CONDITION_TYPES = {
    "country": "KalturaCountryCondition",
    "ip": "KalturaIpAddressCondition",
    "site": "KalturaSiteCondition",
    "authenticated": "KalturaAuthenticatedCondition",
    "user_agent": "KalturaUserAgentCondition",
}
_CONDITION_NAMES = {kaltura: name for name, kaltura in _CONDITION_TYPES.items()}
_BLOCK, _PREVIEW = "KalturaAccessControlBlockAction", "KalturaAccessControlPreviewAction"
_FLAVORS = "KalturaAccessControlLimitFlavorsAction"
_COUNTRY = re.compile(r"[A-Z]{2}")
_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9-]{1,63}")
_PRIVILEGE = re.compile(r"[a-z]+(:[^,\s]+)?")
# Codes that people use for countries, and that no address is of.
_NO_COUNTRIES = {"UK": "GB", "EL": "GR", "EU": "the countries one by one"}

Rule = dict[str, Any]


class DeclarationError(ValueError):
    """A declaration cannot be; the message names each rule and field, and what to write there."""


def read_rules(declared: Any) -> list[Rule]:
    """Check declared rules and bring them into one form. No call is made.

    :param declared: the rules.
    :return: rules with all their fields; lists sorted where their order means nothing.
    :raises DeclarationError: something in them cannot be.
    """
    if not isinstance(declared, Sequence) or isinstance(declared, str):
        raise DeclarationError(f"rules must be a list, not {type(declared).__name__}")
    problems: list[str] = []
    rules = [_Reader(f"rule {number}", problems).rule(rule) for number, rule in enumerate(declared, start=1)]
    if problems:
        raise DeclarationError("; ".join(problems))
    return rules


def flavors_of(rules: Sequence[Rule]) -> list[str | int]:
    """Return the flavors that actions of rules name."""
    return [flavor for rule in rules for action in rule["actions"] for flavor in action.get("limit_flavors", ())]


def with_flavor_ids(rules: Sequence[Rule], ids: Mapping[str | int, int]) -> list[Rule]:
    """Return the rules with flavors by ID.

    :param rules: the rules.
    :param ids: IDs by what :func:`flavors_of` returned.
    """
    return [
        {
            **rule,
            "actions": [
                {**action, "limit_flavors": sorted({ids[flavor] for flavor in action["limit_flavors"]})}
                if "limit_flavors" in action
                else action
                for action in rule["actions"]
            ],
        }
        for rule in rules
    ]


def to_api(rule: Rule) -> dict[str, Any]:
    """Return a rule as a ``KalturaRule``.

    :param rule: as :func:`read_rules` and :func:`with_flavor_ids` return it.
    """
    contexts = [
        {"objectType": "KalturaAccessControlContextTypeHolder", "type": CONTEXTS[each]} for each in rule["contexts"]
    ]
    return {
        "objectType": "KalturaRule",
        "conditions": [_condition_to_api(condition) for condition in rule["conditions"]],
        "actions": [_action_to_api(action) for action in rule["actions"]],
        **({"contexts": contexts} if contexts else {}),
        **{kaltura: rule[name] for name, kaltura in {**_TEXTS, **_FLAGS}.items() if rule[name]},
    }


def from_api(rule: Mapping[str, Any]) -> Rule:
    """Return a ``KalturaRule`` in the form of :func:`read_rules`; parts of unknown kinds stay as they are.

    :param rule: as received.
    """
    names = {number: name for name, number in CONTEXTS.items()}
    contexts = [holder.get("type") for holder in rule.get("contexts") or []]
    return {
        "conditions": [_condition_from_api(each) for each in rule.get("conditions") or []],
        "actions": [_action_from_api(each) for each in rule.get("actions") or []],
        "contexts": [name for number, name in names.items() if number in [_number(each) for each in contexts]],
        **{name: str(rule.get(kaltura) or "") for name, kaltura in _TEXTS.items()},
        **{name: bool(rule.get(kaltura)) for name, kaltura in _FLAGS.items()},
    }


def compare_rules(wanted: Sequence[Rule], present: Sequence[Rule]) -> Iterator[Drift]:
    """Tell where rules differ.

    :param wanted: the rules there should be.
    :param present: the rules there are.
    """
    for number in range(1, max(len(wanted), len(present)) + 1):
        name = f"rule {number}"
        if number > len(present):
            yield Drift(name, _brief(wanted[number - 1]))
        elif number > len(wanted):
            yield Drift(name, None, _brief(present[number - 1]))
        else:
            for field in _FIELDS:
                should, is_ = wanted[number - 1][field], present[number - 1][field]
                if should != is_:
                    yield Drift(f"{name}, {field}", should, is_)


def _brief(rule: Rule) -> Rule:
    return {field: value for field, value in rule.items() if value}


class _Reader:
    """Reads one rule, and notes what is wrong with it."""

    def __init__(self, where: str, problems: list[str]) -> None:
        self._where = where
        self._problems = problems

    def rule(self, declared: Any) -> Rule:
        if not isinstance(declared, Mapping):
            self._refuse("", f"must be a mapping with {', '.join(_FIELDS)}, not {declared!r}")
            return {}
        self._known(declared, _FIELDS, "")
        actions = _listed(declared.get("actions"))
        if not actions:
            self._refuse("actions", "is missing: name 'block', {'preview': seconds} or {'limit_flavors': [...]}")
        return {
            "conditions": [
                self._condition(f"condition {number}", each)
                for number, each in enumerate(_listed(declared.get("conditions")), start=1)
            ],
            "actions": [self._action(f"action {number}", each) for number, each in enumerate(actions, start=1)],
            "contexts": self._contexts(_listed(declared.get("contexts"))),
            **{name: self._typed(declared, name, str, "") for name in _TEXTS},
            **{name: self._typed(declared, name, bool, False) for name in _FLAGS},
        }

    def _condition(self, where: str, declared: Any) -> dict[str, Any]:
        kinds = [name for name in _CONDITION_TYPES if isinstance(declared, Mapping) and name in declared]
        if not isinstance(declared, Mapping) or len(kinds) != 1:
            self._refuse(where, f"must have one of {', '.join(_CONDITION_TYPES)}, not {declared!r}")
            return {}
        self._known(declared, (kinds[0], "not"), where)
        turned = self._typed(declared, "not", bool, False, where)
        where = f"{where}, {kinds[0]}"
        values = _listed(declared[kinds[0]])
        if not values:
            self._refuse(where, "has no value")
        read: Callable[[str, str], str] = getattr(self, f"_{kinds[0]}")
        texts = {read(where, str(value).strip()) for value in values}
        return {kinds[0]: sorted(texts), "not": turned}

    def _country(self, where: str, value: str) -> str:
        code = value.upper()
        if not _COUNTRY.fullmatch(code):
            self._refuse(where, f"{value!r} is no country: write two letters as in ISO 3166, such as 'DE'")
        elif code in _NO_COUNTRIES:
            self._refuse(where, f"{value!r} is no country of ISO 3166: write {_NO_COUNTRIES[code]}")
        return code

    def _ip(self, where: str, value: str) -> str:
        try:
            if "-" in value:
                first, last = (ipaddress.ip_address(part.strip()) for part in value.split("-"))
                if first.version != last.version or int(first) > int(last):
                    raise ValueError
            elif ipaddress.ip_network(value, strict=False).prefixlen == 0:
                self._refuse(
                    where, f"{value!r} is every address, which Kaltura takes for none: leave the condition out"
                )
        except ValueError:
            self._refuse(
                where,
                f"{value!r} is no address or range: write '192.0.2.7', '192.0.2.0/24', '192.0.2.0/255.255.255.0' or "
                "'192.0.2.1-192.0.2.9'",
            )
        return value.replace(" ", "")

    def _site(self, where: str, value: str) -> str:
        if not _HOST.fullmatch(value):
            self._refuse(
                where,
                f"{value!r} is no host name: write 'example.edu', which stands for its subdomains too, without "
                "protocol, path or stars",
            )
        return value.lower()

    def _authenticated(self, where: str, value: str) -> str:
        if not _PRIVILEGE.fullmatch(value):
            self._refuse(
                where, f"{value!r} is no privilege: write those that viewers' sessions have, such as ['sview']"
            )
        return value

    def _user_agent(self, where: str, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            self._refuse(where, f"{value!r} is no regular expression ({error})")
        return value

    def _action(self, where: str, declared: Any) -> dict[str, Any]:
        if declared == "block":
            return {"block": True}
        if isinstance(declared, Mapping) and "preview" in declared:
            self._known(declared, ("preview",), where)
            seconds = declared["preview"]
            if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 1:
                self._refuse(f"{where}, preview", f"must be seconds, 1 or more, not {seconds!r}")
            return {"preview": seconds}
        if isinstance(declared, Mapping) and "limit_flavors" in declared:
            self._known(declared, ("limit_flavors", "blocked"), where)
            flavors = _listed(declared["limit_flavors"])
            if not flavors:
                self._refuse(f"{where}, limit_flavors", "names no flavor")
            return {"limit_flavors": flavors, "blocked": self._typed(declared, "blocked", bool, False, where)}
        self._refuse(where, f"must be 'block', {{'preview': seconds}} or {{'limit_flavors': [...]}}, not {declared!r}")
        return {}

    def _contexts(self, declared: list[Any]) -> list[str]:
        for name in declared:
            if name not in CONTEXTS:
                self._refuse("contexts", f"{name!r} is unknown: use {', '.join(CONTEXTS)}, or none for all")
        return [name for name in CONTEXTS if name in declared]

    def _typed(self, declared: Mapping[str, Any], name: str, kind: type, default: Any, where: str = "") -> Any:
        value = declared.get(name, default)
        if not isinstance(value, kind):
            self._refuse(", ".join(filter(None, (where, name))), f"must be a {kind.__name__}, not {value!r}")
        return value

    def _known(self, declared: Mapping[str, Any], names: Sequence[str], where: str) -> None:
        if unknown := sorted(str(name) for name in declared if name not in names):
            self._refuse(where, f"has {', '.join(map(repr, unknown))}, which is unknown: use {', '.join(names)}")

    def _refuse(self, where: str, problem: str) -> None:
        self._problems.append(f"{', '.join(filter(None, (self._where, where)))}: {problem}")


def _listed(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty one, and anything else as its only element."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _condition_to_api(condition: dict[str, Any]) -> dict[str, Any]:
    ((name, values),) = ((key, value) for key, value in condition.items() if key != "not")
    texts = [{"objectType": "KalturaStringValue", "value": value} for value in values]
    key = "privileges" if name == "authenticated" else "values"
    return {"objectType": _CONDITION_TYPES[name], "not": condition["not"], key: texts}


def _condition_from_api(condition: Mapping[str, Any]) -> dict[str, Any]:
    name = _CONDITION_NAMES.get(str(condition.get("objectType")))
    if name is None:
        return dict(condition)
    items = condition.get("privileges" if name == "authenticated" else "values") or []
    texts = {str(item.get("value") or "") for item in items}
    forms: dict[str, Callable[[str], str]] = {"country": str.upper, "site": str.lower}
    return {name: sorted(map(forms.get(name, str), texts)), "not": bool(condition.get("not"))}


def _action_to_api(action: dict[str, Any]) -> dict[str, Any]:
    if "preview" in action:
        return {"objectType": _PREVIEW, "limit": action["preview"]}
    if "limit_flavors" in action:
        ids = ",".join(map(str, action["limit_flavors"]))
        return {"objectType": _FLAVORS, "flavorParamsIds": ids, "isBlockedList": action["blocked"]}
    return {"objectType": _BLOCK}


def _action_from_api(action: Mapping[str, Any]) -> dict[str, Any]:
    kind = action.get("objectType")
    if kind == _BLOCK:
        return {"block": True}
    if kind == _PREVIEW:
        return {"preview": _number(action.get("limit"))}
    if kind == _FLAVORS:
        ids = [part.strip() for part in str(action.get("flavorParamsIds") or "").split(",")]
        return {
            "limit_flavors": sorted(int(each) for each in ids if each.isdecimal()),
            "blocked": bool(action.get("isBlockedList")),
        }
    return dict(action)


def _number(value: Any) -> Any:
    return int(value) if str(value).isdecimal() else value
