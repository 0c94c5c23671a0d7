"""Pictures to upload."""

from io import BytesIO

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 300), mode: str = "RGB", **save):
    """Encode a picture, red on its left half and blue on its right."""
    image = Image.new("RGB", size, (220, 20, 20))
    image.paste((20, 20, 220), (size[0] // 2, 0, *size))
    out = BytesIO()
    image.convert(mode).save(out, kind, **save)
    return out.getvalue()
