"""Descriptions of titles: the sidecar beside a media file, and manifests that describe a whole batch.

:func:`read_sidecar`, :func:`read_manifest` and :func:`describe` read them; what they say is a :class:`Description`,
what is wrong with them a :class:`Problem`.
"""

from kaltura_pipeline.manifests.model import CaptionWish, Description, Manifest, ManifestError, Problem, Row
from kaltura_pipeline.manifests.read import describe, read_manifest, read_sidecar

__all__ = [
    "CaptionWish",
    "Description",
    "Manifest",
    "ManifestError",
    "Problem",
    "Row",
    "describe",
    "read_manifest",
    "read_sidecar",
]
