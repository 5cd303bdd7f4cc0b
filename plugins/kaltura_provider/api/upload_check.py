"""Whether an upload that ended is what its source is."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from kaltura_provider.api.errors import ErrorClass, KalturaError

if TYPE_CHECKING:
    from kaltura_provider.api.checksums import Checksum, Crc
    from kaltura_provider.api.models import UploadToken
    from kaltura_provider.api.sources import UploadSource
    from kaltura_provider.api.upload_ranges import ConfirmedRanges

CHECKSUM_MISMATCH = "UPLOAD_CHECKSUM_MISMATCH"

_READ_BLOCK = 256 * 1024


def check_upload(source: UploadSource, token: UploadToken, ranges: ConfirmedRanges, crc: Crc) -> Checksum:
    """Compare a complete token with its source.

    :param source: the file.
    :param token: the token as the server answered last.
    :param ranges: which bytes were sent, with their CRCs.
    :param crc: the kind of CRC.
    :return: the checksum of the bytes sent; it is that of the source, if the source has one.
    :raises KalturaError: ``UPLOAD_SIZE_MISMATCH`` or :data:`CHECKSUM_MISMATCH`.
    """
    if token.uploaded_file_size != source.size:
        raise KalturaError(
            "UPLOAD_SIZE_MISMATCH",
            f"{token.uploaded_file_size} bytes arrived of {source.size}",
            error_class=ErrorClass.RETRY,
            service_action="uploadToken.upload",
        )

    def read_crc(start: int, length: int) -> int:
        """The CRC of bytes that an earlier process sent without a note."""
        value = 0
        with closing(source.open(start, length)) as stream:
            while data := stream.read(_READ_BLOCK):
                value = crc.update(data, value)
        return value

    checksum = ranges.checksum(source.size, read_crc)
    if source.checksum is not None and checksum != source.checksum:
        raise KalturaError(
            CHECKSUM_MISMATCH,
            f"the bytes of {source.name} that were sent have the checksum {checksum}, the source says "
            f"{source.checksum}",
            error_class=ErrorClass.RETRY,
            service_action="uploadToken.upload",
            hint="The upload was thrown away. Run the task again; if it stays, write the source file again.",
        )
    return checksum
