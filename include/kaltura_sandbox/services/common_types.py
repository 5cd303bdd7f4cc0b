"""Small object types that several services use."""

from __future__ import annotations

from ..schema import kaltura_type, prop

kaltura_type("KalturaString", None, prop("value"))
kaltura_type("KalturaValue", None, prop("description"))
kaltura_type("KalturaStringValue", "KalturaValue", prop("value"))
kaltura_type("KalturaIntegerValue", "KalturaValue", prop("value", "int"))
kaltura_type("KalturaBooleanValue", "KalturaValue", prop("value", "bool"))
kaltura_type("KalturaKeyValue", None, prop("key"), prop("value"))
