"""A photo: what is taken, what is made of it, what is refused and how."""

import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from practice.profiles.models import Profile
from practice.profiles.photo import portrait
from tests.profiles.pictures import picture
from tests.reading import read, sent_by

KINDS = "Choose a photo in JPEG, PNG or WebP format"
LARGE = "The photo must be smaller than 5 MB"
MANY = "The photo has too many pixels. Choose a smaller one"
CANARY = b"canary-camera"


def exif(orientation: int = 1) -> bytes:
    """Facts a camera writes: maker, place, which way up."""
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    exif[0x0112] = orientation
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (51.0, 30.0, 26.0)
    place[3], place[4] = "W", (0.0, 7.0, 39.0)
    return exif.tobytes()


def made_of(data: bytes) -> Image.Image:
    made = Image.open(BytesIO(portrait(BytesIO(data), len(data))))
    made.load()
    return made


def tiny_png_of(width: int, height: int) -> bytes:
    """A few bytes that claim to be an enormous picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


# What is made of a photo.


@pytest.mark.parametrize("size", [(400, 300), (300, 900), (320, 320), (8, 8), (1, 2000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_photo_becomes_a_jpeg_of_320_pixels_square(kind, size):
    made = made_of(picture(kind, size))

    assert (made.format, made.size, made.mode) == ("JPEG", (320, 320), "RGB")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", m) for m in ("RGBA", "P", "L", "1", "LA")] + [("JPEG", "CMYK"), ("JPEG", "L")],
)
def test_every_way_to_keep_colours_is_read(kind, mode):
    assert made_of(picture(kind, mode=mode)).size == (320, 320)


def test_a_png_of_16_bits_is_read():
    out = BytesIO()
    Image.new("I;16", (40, 30), 40_000).save(out, "PNG")

    assert made_of(out.getvalue()).size == (320, 320)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_where_and_with_what_it_was_taken_is_gone(kind):
    data = picture(kind, exif=exif())
    assert CANARY in data
    assert Image.open(BytesIO(data)).getexif().get_ifd(0x8825)

    made = made_of(data)

    assert dict(made.getexif()) == {}
    assert dict(made.getexif().get_ifd(0x8825)) == {}
    made_again = portrait(BytesIO(data), len(data))
    assert CANARY not in made_again
    assert b"Exif" not in made_again


def test_comments_profiles_and_what_follows_the_picture_are_gone():
    data = picture("JPEG", comment=CANARY, icc_profile=CANARY * 9) + CANARY + b"<script>"

    made = portrait(BytesIO(data), len(data))

    assert CANARY not in made
    assert b"<script>" not in made
    assert not {"comment", "icc_profile"} & set(Image.open(BytesIO(made)).info)


def test_a_photo_taken_sideways_is_turned_upright():
    upright = made_of(picture(exif=exif(3)))  # upside down: red is on the right

    assert upright.getpixel((20, 160))[2] > 150
    assert upright.getpixel((300, 160))[0] > 150


def test_the_first_picture_of_an_animation_is_taken():
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])

    assert made_of(out.getvalue()).getpixel((160, 160))[0] > 200


def test_what_is_transparent_becomes_white_not_black():
    see_through = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    out = BytesIO()
    see_through.save(out, "PNG")

    assert min(made_of(out.getvalue()).getpixel((160, 160))) > 250


# What is refused.

BAD = {
    "a script": (b"<script>alert(1)</script>", KINDS),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"></svg>', KINDS),
    "an animation": (picture("GIF", mode="P"), KINDS),
    "a bitmap": (picture("BMP"), KINDS),
    "a scan": (picture("TIFF"), KINDS),
    "half a jpeg": (picture("JPEG", (900, 900))[:2000], KINDS),
    "half a png": (picture("PNG", (900, 900))[:900], KINDS),
    "half a webp": (picture("WEBP", (900, 900))[:400], KINDS),
    "the head of a jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", KINDS),
    "the head of a png": (b"\x89PNG\r\n\x1a\n", KINDS),
    "a bomb of 2,500 million pixels": (tiny_png_of(50_000, 50_000), None),
    "a bomb of 100 million pixels": (tiny_png_of(10_000, 10_000), MANY),
    "a bomb of 41 million pixels": (tiny_png_of(6_405, 6_405), MANY),
    "a bomb of 14 million pixels": (tiny_png_of(14_000, 1_000), MANY),
    "a byte too much": (picture().ljust(5 * 1024 * 1024 + 1, b"\0"), LARGE),
    "nothing": (b"", KINDS),
}
TYPED = {
    "headline": "A headline with ünïcode",
    "about": "Two\r\nlines",
    "specialities": "Anxiety",
    "languages": "Welsh",
    "fee_individual": "71",
    "fee_couples": "",
    "fee_family": "",
    "fee_group": "0",
    "is_published": "on",
}


def send(browser, data: bytes, name: str = "me.jpg", **typed: str):
    file = SimpleUploadedFile(name, data, "image/jpeg")
    return browser.post("/profile/", TYPED | typed | {"new_photo": file})


@pytest.mark.parametrize(("data", "sentence"), BAD.values(), ids=BAD)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_it_is_refused_with_a_sentence_and_what_was_typed_stays(as_alice, alice, data, sentence):
    answer = send(as_alice, data)

    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    said = [text for address, text in page.links if address == "#id_new_photo"]
    assert said in ([[sentence]] if sentence else [[KINDS], [MANY]])
    for name in ("headline", "specialities", "languages", "fee_individual", "fee_group"):
        assert page.value_of(name) == TYPED[name]
    assert "Two\nlines" in page.source.replace("\r", "")
    assert not Profile.objects.filter(therapist=alice).exists()


def test_what_is_far_too_large_is_not_even_read(as_alice, alice):
    answer = send(as_alice, picture() + b"\0" * 20 * 1024 * 1024)

    assert answer.status_code == 413
    assert not Profile.objects.filter(therapist=alice).exists()


def test_five_megabytes_exactly_are_taken(as_alice, alice):
    assert send(as_alice, picture().ljust(5 * 1024 * 1024, b"\0")).status_code == 303


# What it costs: megabytes, at most, that a process grows by.

LARGEST = {
    ("JPEG", (8_160, 6_120), "RGB"): 60,
    ("JPEG", (8_160, 6_120), "CMYK"): 60,
    ("PNG", (4_032, 3_024), "RGB"): 120,
    ("PNG", (4_032, 3_024), "RGBA"): 180,
    ("PNG", (4_032, 3_024), "P"): 180,
    ("WEBP", (4_032, 3_024), "RGBA"): 280,
    ("PNG", (7_000, 5_700), "RGB"): 10,  # refused; it took 567
    ("WEBP", (7_000, 5_700), "RGB"): 10,
}
MEASURE = """
import sys
from io import BytesIO
from pathlib import Path
from django.core.exceptions import ValidationError
from practice.profiles.photo import portrait

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024

def draw(data):
    try:
        portrait(BytesIO(data), len(data))
    except ValidationError:
        pass

draw(%r)  # what is loaded once
data = sys.stdin.buffer.read()
Path("/proc/self/clear_refs").write_text("5")  # counts the peak anew
before = peak()
draw(data)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
@pytest.mark.parametrize(("kind", "size", "mode"), LARGEST)
def test_even_the_largest_costs_little_memory(kind, size, mode):
    data = BytesIO()
    Image.new(mode, size).save(data, kind)
    small = picture(kind, (8, 8))

    grown = subprocess.run(
        [sys.executable, "-c", MEASURE % small],
        input=data.getvalue(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout

    assert int(grown) < LARGEST[kind, size, mode]


WHOLE = [
    picture("JPEG", (40, 30), exif=exif(6)),
    picture("PNG", (40, 30)),
    picture("WEBP", (40, 30)),
]
CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), CHANGES, st.floats(0.1, 1))
@pytest.mark.filterwarnings("ignore:::PIL")
def test_a_damaged_file_is_a_photo_or_a_refusal_and_never_an_error(whole, changes, share):
    data = bytearray(whole[: int(len(whole) * share)])
    for where, byte in changes:
        data[where % len(data)] = byte
    try:
        made = portrait(BytesIO(bytes(data)), len(data))
    except ValidationError:
        return
    assert Image.open(BytesIO(made)).size == (320, 320)


# On the pages.


def test_a_photo_is_shown_and_served_as_a_jpeg(as_alice, client, alice):
    assert send(as_alice, picture("PNG"), "../../etc/me.png").status_code == 303

    page = client.get("/therapists/alice/")
    photo = client.get("/therapists/alice/photo/")

    image = [a for tag, a in read(page).tags if tag == "img"]
    assert [(i["src"], i["alt"]) for i in image] == [("/therapists/alice/photo/", "Alice Archer")]
    assert photo["Content-Type"] == "image/jpeg"
    assert photo["X-Content-Type-Options"] == "nosniff"
    assert photo.content == bytes(Profile.objects.get().photo)
    assert Image.open(BytesIO(photo.content)).size == (320, 320)


def test_a_photo_of_a_profile_that_is_not_public_is_the_owners(as_alice, as_bob, client, alice):
    send(as_alice, picture(), is_published="")

    assert as_alice.get("/therapists/alice/photo/").status_code == 200
    assert as_bob.get("/therapists/alice/photo/").status_code == 404
    assert client.get("/therapists/alice/photo/").status_code == 404


def test_saving_something_else_keeps_the_photo(as_alice, alice):
    send(as_alice, picture())
    former = bytes(Profile.objects.get().photo)

    as_alice.post("/profile/", TYPED | {"headline": "Another"})

    assert bytes(Profile.objects.get().photo) == former
    assert Profile.objects.get().headline == "Another"


def test_a_refused_photo_leaves_the_former_one(as_alice, alice):
    send(as_alice, picture())
    former = bytes(Profile.objects.get().photo)

    assert send(as_alice, b"nothing").status_code == 422
    assert bytes(Profile.objects.get().photo) == former


def test_a_photo_can_be_removed(as_alice, client, alice):
    send(as_alice, picture())
    assert "Remove the photo" in read(as_alice.get("/profile/")).text

    as_alice.post("/profile/", TYPED | {"remove_photo": "on"})

    assert bytes(Profile.objects.get().photo) == b""
    assert client.get("/therapists/alice/photo/").status_code == 404
    assert "<img" not in client.get("/therapists/alice/").content.decode()
    assert "Remove the photo" not in read(as_alice.get("/profile/")).text


def test_without_a_photo_there_is_nothing_to_serve(as_alice, client):
    as_alice.post("/profile/", TYPED)

    assert client.get("/therapists/alice/photo/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "connection.vendor == 'postgresql'", reason="There a request is one transaction, and locks rows"
)
def test_a_photo_is_unpacked_once_and_before_the_database_is_locked(as_alice, monkeypatch):
    opened, unpack = [], Image.open

    def watched(*args, **kwargs):
        opened.append(connection.in_atomic_block)
        return unpack(*args, **kwargs)

    monkeypatch.setattr(Image, "open", watched)

    assert send(as_alice, picture()).status_code == 303
    assert opened == [False]


# A page that is older than the photo.


def test_a_photo_that_came_meanwhile_is_replaced_only_once_that_was_asked(as_alice, alice):
    shown = sent_by(as_alice.get("/profile/"), "headline")
    send(as_alice, picture())
    former = bytes(Profile.objects.get().photo)
    file = SimpleUploadedFile("me.png", picture("PNG", (90, 90)), "image/png")

    answer = as_alice.post("/profile/", shown | {"headline": "Mine", "new_photo": file})

    words = "The photo was changed meanwhile. Choose yours again to replace it"
    again = sent_by(answer, "headline")
    assert answer.status_code == 409
    assert ("#id_new_photo", words) in read(answer).links
    assert again["headline"] == "Mine"
    assert bytes(Profile.objects.get().photo) == former
    file.seek(0)
    assert as_alice.post("/profile/", again | {"new_photo": file}).status_code == 303
    assert bytes(Profile.objects.get().photo) != former


def test_another_photo_than_was_shown_is_removed_only_once_that_was_asked(as_alice, alice):
    send(as_alice, picture())
    shown = sent_by(as_alice.get("/profile/"), "headline")
    send(as_alice, picture("PNG", (90, 90)))

    answer = as_alice.post("/profile/", shown | {"remove_photo": "on"})

    again = sent_by(answer, "headline")
    assert answer.status_code == 409
    assert "The photo was changed meanwhile. Save again to remove it" in read(answer).text
    assert Profile.objects.get().photo
    assert again["remove_photo"] == "on"
    assert as_alice.post("/profile/", again).status_code == 303
    assert not Profile.objects.get().photo


def test_a_photo_that_came_meanwhile_stays_when_something_else_is_saved(as_alice, alice):
    as_alice.post("/profile/", TYPED)
    shown = sent_by(as_alice.get("/profile/"), "headline")
    send(as_alice, picture())

    answer = as_alice.post("/profile/", shown | {"languages": "English"})

    assert answer.status_code == 303
    assert Profile.objects.get().photo


def test_a_photo_that_is_gone_already_is_removed_without_a_question(as_alice, alice):
    send(as_alice, picture())
    shown = sent_by(as_alice.get("/profile/"), "headline")
    Profile.objects.update(photo=b"")

    assert as_alice.post("/profile/", shown | {"remove_photo": "on"}).status_code == 303
