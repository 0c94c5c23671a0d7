"""A photo somebody sends in: looked at, made small, stripped of everything but the picture."""

from io import BytesIO
from typing import BinaryIO

from django.core.exceptions import ValidationError
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 320
FORMATS = ("JPEG", "PNG", "WEBP")


def portrait(file: BinaryIO, size: int) -> bytes:
    """Return a square JPEG of 320 pixels, drawn anew: no metadata, no place, no second picture.

    Raises:
        ValidationError: too large, or no picture of a kind we read.
    """
    if size > MOST_BYTES:
        raise ValidationError("The photo must be smaller than 5 MB")
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError("The photo has too many pixels. Choose a smaller one")
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValidationError("Choose a photo in JPEG, PNG or WebP format") from None
    square = ImageOps.fit(upright, (SIDE, SIDE))
    plain = Image.new("RGB", square.size, "white")
    plain.paste(square, mask=square)
    out = BytesIO()
    plain.save(out, "JPEG", quality=85)
    return out.getvalue()
