"""A client for the Kaltura API, independent of Airflow.

Names are loaded when they are first used, so that importing this package costs nothing in a DAG file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaltura_provider.api.access_control import ensure_access_control as ensure_access_control
    from kaltura_provider.api.access_rules import DeclarationError as DeclarationError
    from kaltura_provider.api.advice import Advice as Advice
    from kaltura_provider.api.advice import Fixer as Fixer
    from kaltura_provider.api.advice import explain as explain
    from kaltura_provider.api.analytics.csv_export import fetch_report_csv as fetch_report_csv
    from kaltura_provider.api.analytics.csv_export import read_report_csv as read_report_csv
    from kaltura_provider.api.analytics.day_files import write_day as write_day
    from kaltura_provider.api.analytics.day_report import DayReport as DayReport
    from kaltura_provider.api.analytics.day_report import TotalCheck as TotalCheck
    from kaltura_provider.api.analytics.day_report import fetch_table as fetch_table
    from kaltura_provider.api.analytics.ddl import ddl as ddl
    from kaltura_provider.api.analytics.details import EntryDetails as EntryDetails
    from kaltura_provider.api.analytics.periods import fetch_graphs as fetch_graphs
    from kaltura_provider.api.analytics.periods import fetch_period_table as fetch_period_table
    from kaltura_provider.api.analytics.periods import fetch_period_total as fetch_period_total
    from kaltura_provider.api.analytics.report_types import REPORT_TYPES as REPORT_TYPES
    from kaltura_provider.api.analytics.report_types import report_type as report_type
    from kaltura_provider.api.analytics.settling import Settling as Settling
    from kaltura_provider.api.attachments import put_attachments as put_attachments
    from kaltura_provider.api.catalogue import ErrorClass as ErrorClass
    from kaltura_provider.api.categories import UnknownCategoryError as UnknownCategoryError
    from kaltura_provider.api.category_members import CategoryMembers as CategoryMembers
    from kaltura_provider.api.category_members import set_members as set_members
    from kaltura_provider.api.chapters import Chapter as Chapter
    from kaltura_provider.api.chapters import put_chapters as put_chapters
    from kaltura_provider.api.chapters import read_chapters as read_chapters
    from kaltura_provider.api.checksums import Checksum as Checksum
    from kaltura_provider.api.client import KalturaClient as KalturaClient
    from kaltura_provider.api.config import ClientConfig as ClientConfig
    from kaltura_provider.api.config import normalize_service_url as normalize_service_url
    from kaltura_provider.api.conversion_profiles import ensure_conversion_profile as ensure_conversion_profile
    from kaltura_provider.api.credentials import AdminSecretCredentials as AdminSecretCredentials
    from kaltura_provider.api.credentials import AppTokenCredentials as AppTokenCredentials
    from kaltura_provider.api.credentials import Credentials as Credentials
    from kaltura_provider.api.credentials import SessionInfo as SessionInfo
    from kaltura_provider.api.credentials import SessionSpec as SessionSpec
    from kaltura_provider.api.credentials import WidgetCredentials as WidgetCredentials
    from kaltura_provider.api.custom_metadata import put_metadata as put_metadata
    from kaltura_provider.api.diagnosis import diagnose as diagnose
    from kaltura_provider.api.drift import Drift as Drift
    from kaltura_provider.api.embed.model import PageChapter as PageChapter
    from kaltura_provider.api.embed.model import PageItem as PageItem
    from kaltura_provider.api.embed.model import Player as Player
    from kaltura_provider.api.embed.pages import PageOptions as PageOptions
    from kaltura_provider.api.embed.pages import render_index as render_index
    from kaltura_provider.api.embed.pages import render_page as render_page
    from kaltura_provider.api.embed.pages import title_key as title_key
    from kaltura_provider.api.embed.site import Site as Site
    from kaltura_provider.api.embed.site import SiteFile as SiteFile
    from kaltura_provider.api.embed.snippets import render_embed as render_embed
    from kaltura_provider.api.embed.social import render_oembed as render_oembed
    from kaltura_provider.api.embed.viewer import ViewerSession as ViewerSession
    from kaltura_provider.api.embed.viewer import start_viewer_session as start_viewer_session
    from kaltura_provider.api.enrichment.attachments import WantedAttachment as WantedAttachment
    from kaltura_provider.api.entries import PutResult as PutResult
    from kaltura_provider.api.entries import put_content as put_content
    from kaltura_provider.api.entry_categories import EntryCategories as EntryCategories
    from kaltura_provider.api.entry_categories import categorize as categorize
    from kaltura_provider.api.entry_update import update_entries as update_entries
    from kaltura_provider.api.errors import DependencyFailed as DependencyFailed
    from kaltura_provider.api.errors import DriftError as DriftError
    from kaltura_provider.api.errors import KalturaError as KalturaError
    from kaltura_provider.api.errors import MediaRefusedError as MediaRefusedError
    from kaltura_provider.api.errors import SourceChangedError as SourceChangedError
    from kaltura_provider.api.errors import SourceUnavailableError as SourceUnavailableError
    from kaltura_provider.api.errors import UploadStoppedError as UploadStoppedError
    from kaltura_provider.api.file_names import stored_name as stored_name
    from kaltura_provider.api.journal import Journal as Journal
    from kaltura_provider.api.journal import MemoryJournal as MemoryJournal
    from kaltura_provider.api.links import default_cdn_url as default_cdn_url
    from kaltura_provider.api.links import kmc_entry_url as kmc_entry_url
    from kaltura_provider.api.links import player_script_url as player_script_url
    from kaltura_provider.api.links import player_url as player_url
    from kaltura_provider.api.links import thumbnail_url as thumbnail_url
    from kaltura_provider.api.lookup import find_by_reference_id as find_by_reference_id
    from kaltura_provider.api.lookup import get_entries as get_entries
    from kaltura_provider.api.lookup import get_entry as get_entry
    from kaltura_provider.api.media_kind import MediaKind as MediaKind
    from kaltura_provider.api.media_kind import detect_media_kind as detect_media_kind
    from kaltura_provider.api.media_types import MediaType as MediaType
    from kaltura_provider.api.media_types import inspect_media as inspect_media
    from kaltura_provider.api.media_types import inspect_source as inspect_source
    from kaltura_provider.api.metadata_profiles import ensure_metadata_profile as ensure_metadata_profile
    from kaltura_provider.api.models import LIVE_STATUSES as LIVE_STATUSES
    from kaltura_provider.api.models import Entry as Entry
    from kaltura_provider.api.models import EntryStatus as EntryStatus
    from kaltura_provider.api.models import FlavorAsset as FlavorAsset
    from kaltura_provider.api.models import FlavorStatus as FlavorStatus
    from kaltura_provider.api.models import ReplacementStatus as ReplacementStatus
    from kaltura_provider.api.models import UploadToken as UploadToken
    from kaltura_provider.api.models import UploadTokenStatus as UploadTokenStatus
    from kaltura_provider.api.moderation import moderate as moderate
    from kaltura_provider.api.multipart import ByteStream as ByteStream
    from kaltura_provider.api.multipart import FilePart as FilePart
    from kaltura_provider.api.multirequest import MultiRequest as MultiRequest
    from kaltura_provider.api.multirequest import Reference as Reference
    from kaltura_provider.api.named_profiles import UnknownProfileError as UnknownProfileError
    from kaltura_provider.api.new_content import NewContent as NewContent
    from kaltura_provider.api.new_content import put_new_content as put_new_content
    from kaltura_provider.api.playback.check import check_playback as check_playback
    from kaltura_provider.api.playback.model import PlaybackExpectation as PlaybackExpectation
    from kaltura_provider.api.playback.model import PlaybackResult as PlaybackResult
    from kaltura_provider.api.players import PlayerResult as PlayerResult
    from kaltura_provider.api.players import ensure_player as ensure_player
    from kaltura_provider.api.playlists import PlaylistResult as PlaylistResult
    from kaltura_provider.api.playlists import ensure_playlist as ensure_playlist
    from kaltura_provider.api.profile_making import ProfileResult as ProfileResult
    from kaltura_provider.api.pull import Pull as Pull
    from kaltura_provider.api.pull import PullStart as PullStart
    from kaltura_provider.api.pull import PullState as PullState
    from kaltura_provider.api.pull import check_pull as check_pull
    from kaltura_provider.api.pull import start_pull as start_pull
    from kaltura_provider.api.reach import ReachTask as ReachTask
    from kaltura_provider.api.reach import look_at_tasks as look_at_tasks
    from kaltura_provider.api.reach import place_orders as place_orders
    from kaltura_provider.api.reach import quote_orders as quote_orders
    from kaltura_provider.api.reach_catalog import ReachWish as ReachWish
    from kaltura_provider.api.readiness import Readiness as Readiness
    from kaltura_provider.api.readiness import ReadyState as ReadyState
    from kaltura_provider.api.readiness import check_ready as check_ready
    from kaltura_provider.api.redaction import Redactor as Redactor
    from kaltura_provider.api.redaction import redact as redact
    from kaltura_provider.api.renditions import EntryRenditions as EntryRenditions
    from kaltura_provider.api.renditions import RenditionParams as RenditionParams
    from kaltura_provider.api.renditions import list_renditions as list_renditions
    from kaltura_provider.api.renditions import look_at_renditions as look_at_renditions
    from kaltura_provider.api.renditions import renditions_resource as renditions_resource
    from kaltura_provider.api.renditions import resolve_renditions as resolve_renditions
    from kaltura_provider.api.replacement import Exchange as Exchange
    from kaltura_provider.api.replacement import ExchangeState as ExchangeState
    from kaltura_provider.api.replacement import Replacement as Replacement
    from kaltura_provider.api.replacement import replacement_of as replacement_of
    from kaltura_provider.api.replacement import settle_replacement as settle_replacement
    from kaltura_provider.api.replacement_start import start_replacement as start_replacement
    from kaltura_provider.api.selection import SelectionError as SelectionError
    from kaltura_provider.api.selection import find_entries as find_entries
    from kaltura_provider.api.sources import FileSource as FileSource
    from kaltura_provider.api.sources import StreamSource as StreamSource
    from kaltura_provider.api.sources import UploadSource as UploadSource
    from kaltura_provider.api.upload_meter import UploadProgress as UploadProgress
    from kaltura_provider.api.upload_tokens import get_token as get_token
    from kaltura_provider.api.uploads import UploadResult as UploadResult
    from kaltura_provider.api.uploads import upload as upload

_MODULE_OF = {
    "ensure_access_control": "access_control",
    "DeclarationError": "access_rules",
    "Advice": "advice",
    "explain": "advice",
    "Fixer": "advice",
    "put_attachments": "attachments",
    "ErrorClass": "catalogue",
    "UnknownCategoryError": "categories",
    "CategoryMembers": "category_members",
    "set_members": "category_members",
    "Chapter": "chapters",
    "put_chapters": "chapters",
    "read_chapters": "chapters",
    "Checksum": "checksums",
    "KalturaClient": "client",
    "ClientConfig": "config",
    "normalize_service_url": "config",
    "ensure_conversion_profile": "conversion_profiles",
    "AdminSecretCredentials": "credentials",
    "AppTokenCredentials": "credentials",
    "Credentials": "credentials",
    "SessionInfo": "credentials",
    "SessionSpec": "credentials",
    "WidgetCredentials": "credentials",
    "put_metadata": "custom_metadata",
    "diagnose": "diagnosis",
    "Drift": "drift",
    "PageChapter": "embed.model",
    "PageItem": "embed.model",
    "Player": "embed.model",
    "PageOptions": "embed.pages",
    "render_index": "embed.pages",
    "render_page": "embed.pages",
    "title_key": "embed.pages",
    "Site": "embed.site",
    "SiteFile": "embed.site",
    "render_embed": "embed.snippets",
    "render_oembed": "embed.social",
    "start_viewer_session": "embed.viewer",
    "ViewerSession": "embed.viewer",
    "WantedAttachment": "enrichment.attachments",
    "put_content": "entries",
    "PutResult": "entries",
    "categorize": "entry_categories",
    "EntryCategories": "entry_categories",
    "update_entries": "entry_update",
    "DependencyFailed": "errors",
    "DriftError": "errors",
    "KalturaError": "errors",
    "MediaRefusedError": "errors",
    "SourceChangedError": "errors",
    "SourceUnavailableError": "errors",
    "UploadStoppedError": "errors",
    "stored_name": "file_names",
    "Journal": "journal",
    "MemoryJournal": "journal",
    "default_cdn_url": "links",
    "kmc_entry_url": "links",
    "player_script_url": "links",
    "player_url": "links",
    "thumbnail_url": "links",
    "find_by_reference_id": "lookup",
    "get_entries": "lookup",
    "get_entry": "lookup",
    "detect_media_kind": "media_kind",
    "MediaKind": "media_kind",
    "inspect_media": "media_types",
    "inspect_source": "media_types",
    "MediaType": "media_types",
    "ensure_metadata_profile": "metadata_profiles",
    "Entry": "models",
    "EntryStatus": "models",
    "FlavorAsset": "models",
    "FlavorStatus": "models",
    "LIVE_STATUSES": "models",
    "ReplacementStatus": "models",
    "UploadToken": "models",
    "UploadTokenStatus": "models",
    "moderate": "moderation",
    "ByteStream": "multipart",
    "FilePart": "multipart",
    "MultiRequest": "multirequest",
    "Reference": "multirequest",
    "UnknownProfileError": "named_profiles",
    "NewContent": "new_content",
    "put_new_content": "new_content",
    "check_playback": "playback.check",
    "PlaybackExpectation": "playback.model",
    "PlaybackResult": "playback.model",
    "ensure_player": "players",
    "PlayerResult": "players",
    "ensure_playlist": "playlists",
    "PlaylistResult": "playlists",
    "ProfileResult": "profile_making",
    "check_pull": "pull",
    "Pull": "pull",
    "PullStart": "pull",
    "PullState": "pull",
    "start_pull": "pull",
    "look_at_tasks": "reach",
    "place_orders": "reach",
    "quote_orders": "reach",
    "ReachTask": "reach",
    "ReachWish": "reach_catalog",
    "check_ready": "readiness",
    "Readiness": "readiness",
    "ReadyState": "readiness",
    "redact": "redaction",
    "Redactor": "redaction",
    "EntryRenditions": "renditions",
    "list_renditions": "renditions",
    "look_at_renditions": "renditions",
    "RenditionParams": "renditions",
    "renditions_resource": "renditions",
    "resolve_renditions": "renditions",
    "Exchange": "replacement",
    "ExchangeState": "replacement",
    "Replacement": "replacement",
    "replacement_of": "replacement",
    "settle_replacement": "replacement",
    "start_replacement": "replacement_start",
    "fetch_graphs": "analytics.periods",
    "fetch_period_table": "analytics.periods",
    "fetch_period_total": "analytics.periods",
    "fetch_report_csv": "analytics.csv_export",
    "fetch_table": "analytics.day_report",
    "read_report_csv": "analytics.csv_export",
    "write_day": "analytics.day_files",
    "ddl": "analytics.ddl",
    "Settling": "analytics.settling",
    "REPORT_TYPES": "analytics.report_types",
    "report_type": "analytics.report_types",
    "DayReport": "analytics.day_report",
    "EntryDetails": "analytics.details",
    "TotalCheck": "analytics.day_report",
    "find_entries": "selection",
    "SelectionError": "selection",
    "FileSource": "sources",
    "StreamSource": "sources",
    "UploadSource": "sources",
    "UploadProgress": "upload_meter",
    "get_token": "upload_tokens",
    "upload": "uploads",
    "UploadResult": "uploads",
}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
