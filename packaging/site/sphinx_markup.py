"""Docstrings as the site shows them: Sphinx's roles as links, and the arguments that a class hands on to its base."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):`(~?)([\w.]+)`")


class SphinxMarkup(griffe.Extension):
    """Make Sphinx's markup Markdown, and signatures whole."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = _markdown(obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Give each class the arguments that its ``**kwargs`` carry to its base."""
        for module in _modules(pkg):
            for cls in module.classes.values():
                if not cls.is_alias:
                    _complete(cls)


def _markdown(text: str) -> str:
    # A literal block is one for Markdown too, once its colons are gone.
    text = re.sub(r"^ *::$", "", text, flags=re.M)
    text = re.sub(r"(?<=\S)::$", ":", text, flags=re.M)
    return _ROLE.sub(_link, text)


def _link(role: re.Match[str]) -> str:
    short, name = role.groups()
    shown = name.rsplit(".", 1)[-1] if short else name
    # What is on no page of the site stays a name.
    return f'<autoref optional identifier="{name}"><code>{shown}</code></autoref>'


def _modules(module: griffe.Module) -> list[griffe.Module]:
    below = [_modules(child) for child in module.modules.values() if not child.is_alias]
    return [module, *(found for group in below for found in group)]


def _complete(cls: griffe.Class) -> griffe.Parameters | None:
    """Return the arguments of a class, those of its bases among them."""
    init = cls.members.get("__init__")
    own = init.parameters if isinstance(init, griffe.Function) else None
    for base in cls.resolved_bases:
        if not isinstance(base, griffe.Class) or (inherited := _complete(base)) is None:
            continue
        if own is None:
            return inherited
        rest = next((each for each in own if each.kind is griffe.ParameterKind.var_keyword), None)
        if rest is None:
            return own
        # Keywords come before **kwargs.
        del own[rest.name]
        for each in [*inherited, rest]:
            if each.name not in own and each.name != "self":
                own.add(each)
    return own
