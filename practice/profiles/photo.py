"""A photo somebody sends in: looked at, made small, stripped of everything but the picture.

How large it is when unpacked says its header, and that decides before it is unpacked: a few bytes
can hold enormous pictures of one colour.
"""

from io import BytesIO
from typing import IO

from django.core.exceptions import ValidationError
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5 * 1024 * 1024
# A JPEG is unpacked at an eighth of its size, so it may come from any camera; the others are
# unpacked as they are, at four bytes a pixel and more than once.
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 13_000_000, "WEBP": 13_000_000}
SIDE = 320
SHRINK = ("RGB", "RGBA", "L", "LA", "CMYK")  # modes whose pixels can be blended


def portrait(file: IO[bytes], size: int) -> bytes:
    """Return a square JPEG of 320 pixels, drawn anew: no metadata, no place, no second picture.

    Raises:
        ValidationError: too large, or no picture of a kind we read.
    """
    if size > MOST_BYTES:
        raise ValidationError("The photo must be smaller than 5 MB")
    try:
        with Image.open(file, formats=tuple(MOST_PIXELS)) as picture:
            if picture.width * picture.height > MOST_PIXELS[str(picture.format)]:
                raise ValidationError("The photo has too many pixels. Choose a smaller one")
            square = _square(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ValidationError("Choose a photo in JPEG, PNG or WebP format") from None
    plain = Image.new("RGB", square.size, "white")
    plain.paste(square, mask=square)
    out = BytesIO()
    plain.save(out, "JPEG", quality=85)
    return out.getvalue()


def _square(picture: Image.Image) -> Image.Image:
    """Return the middle of a picture, upright; made small first, because all else takes copies."""
    picture.draft("RGB", (2 * SIDE, 2 * SIDE))
    if picture.mode not in SHRINK:
        picture = picture.convert("RGBA")
    square = ImageOps.fit(picture, (SIDE, SIDE))
    return ImageOps.exif_transpose(square).convert("RGBA")
