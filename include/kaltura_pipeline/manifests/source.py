"""A manifest taken apart into titles, whatever its form; their values are not looked at yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from kaltura_pipeline.manifests.build import Found
    from kaltura_pipeline.manifests.model import Problem


@dataclass(frozen=True)
class Source:
    """What a reader makes of a manifest.

    :param form: see :class:`~kaltura_pipeline.manifests.model.Manifest`.
    :param titles: the titles, found one by one: reading stops where too much is wrong.
    :param problems: what is wrong with the file itself.
    :param defaults: what the file says of all its titles.
    :param zone: the zone of times without one, where the form has a rule for it.
    """

    form: str
    titles: Iterable[Found]
    problems: tuple[Problem, ...] = ()
    defaults: Found | None = None
    zone: tzinfo | None = field(default=None)
