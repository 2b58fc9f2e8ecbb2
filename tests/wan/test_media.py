"""Pictures made ready to send, and finished clips looked into."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import pytest
from making import encoded, make_clip, make_sound, noise, picture
from PIL import Image, ImageCms, ImageStat

from wan_magic.errors import InputError
from wan_magic.wan import catalog, video
from wan_magic.wan.media import given, images, load_image
from wan_magic.wan.video import last_frame, poster, probe_video

MODEL = "wan2.5-i2v-preview"
LIMITS = catalog.find_model(MODEL).slot("image", "image").limits


def loaded(value, limits=LIMITS, **options):
    return load_image(value, limits, needs=MODEL, **options)


def sent_bytes(frame):
    head, _, body = frame.value.partition(",")
    assert head.startswith("data:image/")
    assert head.endswith(";base64")
    return base64.b64decode(body, validate=True)


def sent_image(frame):
    img = Image.open(io.BytesIO(sent_bytes(frame)))
    img.load()
    assert frame.value.startswith(f"data:image/{img.format.lower()};base64,")
    assert img.size == (frame.width, frame.height)
    return img


def refused(value, limits=LIMITS, **options):
    """The error of a value that cannot be sent; its text stays short."""
    with pytest.raises(InputError) as caught:
        loaded(value, limits, **options)
    error = caught.value
    assert len(str(error)) < 400
    assert "\n" not in error.message
    assert error.hint
    return error


def test_importing_the_module_loads_neither_pillow_nor_pyav():
    code = "import sys, wan_magic.wan.media; print({'PIL', 'av', 'requests'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class TestLegalImages:
    @pytest.mark.parametrize("kind", catalog.IMAGE_FORMATS)
    def test_bytes_within_the_limits_are_sent_untouched(self, kind):
        data = encoded(picture(), kind)
        frame = loaded(data)
        assert sent_bytes(frame) == data
        assert frame.value.startswith(f"data:image/{kind.lower()};base64,")
        assert (frame.width, frame.height, frame.notes) == (320, 240, ())
        assert frame.digest == hashlib.sha256(data).hexdigest()
        assert frame.source == "an image in memory"

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
    @pytest.mark.parametrize("fit", [True, False])
    def test_every_opaque_8_bit_png_is_sent_untouched(self, mode, fit):
        data = encoded(picture(mode=mode))
        assert sent_bytes(loaded(data, fit=fit)) == data

    @pytest.mark.parametrize("size", [(240, 8000), (8000, 240), (240, 240)])
    def test_sides_exactly_at_the_limits_are_sent_untouched(self, size):
        data = encoded(Image.new("L", size))
        assert loaded(data, fit=False).notes == ()

    def test_a_jpeg_holding_several_pictures_is_an_ordinary_jpeg(self):
        data = encoded(picture(), "MPO", save_all=True, append_images=[picture(40, 30)])
        frame = loaded(data, fit=False)
        assert frame.value.startswith("data:image/jpeg;base64,")
        assert sent_bytes(frame) == data

    def test_broken_exif_does_not_stop_an_image(self):
        data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff junk")
        assert sent_bytes(loaded(data)) == data
        data = encoded(picture(), "JPEG", exif=b"Exif\x00\x00no exif at all")
        assert sent_bytes(loaded(data)) == data

    @pytest.mark.parametrize("kind", ["str", "path", "file url", "home", "bytes-like"])
    def test_every_way_to_name_a_file_leads_to_the_same_bytes(self, tmp_path, clean_machine, kind):
        path = (clean_machine if kind == "home" else tmp_path) / "my cat.png"
        path.write_bytes(encoded(picture()))
        value = {
            "str": str(path),
            "path": path,
            "file url": path.as_uri(),
            "home": "~/my cat.png",
            "bytes-like": memoryview(bytearray(path.read_bytes())),
        }[kind]
        frame = loaded(value)
        assert sent_bytes(frame) == path.read_bytes()
        assert frame.source == ("an image in memory" if kind == "bytes-like" else "my cat.png")

    def test_a_thumbnail_is_a_small_jpeg_of_what_is_sent(self):
        frame = loaded(encoded(picture(1600, 900)))
        thumb = Image.open(io.BytesIO(frame.thumbnail))
        assert (thumb.format, thumb.size) == ("JPEG", (480, 270))
        assert len(frame.thumbnail) < 40_000

    def test_the_repr_holds_no_image_data(self):
        assert len(repr(loaded(picture()))) < 300


class TestUrls:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("https://a.com/cat.png?x=%20%7e&y=[1]#z", "https://a.com/cat.png?x=%20%7e&y=[1]#z"),
            ("  HTTP://a.com/cat.png ", "HTTP://a.com/cat.png"),
            ("https://a.com/my cat.png", "https://a.com/my%20cat.png"),
            ("https://a.com/猫.png", "https://a.com/%E7%8C%AB.png"),
            ("https://a.com/%E7%8C%AB/é.png", "https://a.com/%E7%8C%AB/%C3%A9.png"),
            ("https://münchen.de/a.png", "https://xn--mnchen-3ya.de/a.png"),
        ],
    )
    def test_a_url_is_sent_percent_encoded_and_never_fetched(self, given, sent):
        frame = loaded(given)
        assert frame.value == sent
        assert (frame.source, frame.width, frame.height, frame.thumbnail) == (
            "a URL",
            None,
            None,
            None,
        )
        assert frame.digest == hashlib.sha256(sent.encode()).hexdigest()

    @pytest.mark.parametrize(
        "url", ["https://", "http:///cat.png", "http://[::1/a", "http://a b/c"]
    )
    def test_a_broken_url_is_refused(self, url):
        assert "is not a usable URL" in refused(url).message

    def test_a_file_that_lies_in_the_services_own_storage_is_sent_as_it_is(self):
        frame = loaded("oss://dashscope-instant/x/cat.png")
        assert (frame.value, frame.upload) == ("oss://dashscope-instant/x/cat.png", None)

    @pytest.mark.parametrize("ending", ["mp4", "MOV", "wav"])
    def test_the_address_of_no_picture_is_refused(self, ending):
        assert "is no picture" in refused(f"https://a.com/cat.{ending}?x=.png").message

    @pytest.mark.parametrize("scheme", ["ftp", "s3"])
    def test_other_schemes_are_refused_by_name(self, scheme):
        error = refused(f"{scheme}://bucket/cat.png")
        assert error.message == f"{scheme}:// addresses are not supported"


class TestDataUris:
    def test_a_legal_one_is_sent_as_it_came(self):
        uri = f"data:image/png;base64,{base64.b64encode(encoded(picture())).decode()}"
        frame = loaded(uri, fit=False)
        assert frame.value == uri
        assert (frame.source, frame.width) == ("a data URI", 320)

    def test_line_breaks_escapes_and_a_wrong_label_are_put_right(self):
        data = encoded(picture(), "JPEG")
        body = base64.encodebytes(data).decode().replace("+", "%2B")
        frame = loaded(f"DATA:image/png;base64,{body.rstrip().rstrip('=')}")
        assert frame.value == f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"

    @pytest.mark.parametrize(
        ("uri", "part"),
        [
            ("data:image/svg+xml;utf8,<svg/>", "does not hold a base64 image"),
            ("data:text/html;base64,AAAA", "does not hold a base64 image"),
            ("data:image/png;base64", "does not hold a base64 image"),
            ("data:image/png;base64,!!!", "is not valid base64"),
            ("data:image/png;base64,A", "is not valid base64"),
            ("data:image/png;base64,", "is empty"),
            ("data:image/png;base64,AAAA" + "A" * 4000, "is not an image"),
        ],
    )
    def test_a_bad_one_is_refused_without_showing_it(self, uri, part):
        error = refused(uri)
        assert part in error.message
        assert "AAAA" not in str(error)


class TestObjects:
    @pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
    def test_a_pil_image_is_sent_as_a_lossless_png(self, mode):
        img = picture(mode=mode)
        frame = loaded(img, fit=False)
        sent = sent_image(frame)
        assert sent.format == "PNG"
        assert sent.convert("RGB").tobytes() == img.convert("RGB").tobytes()
        assert (frame.source, frame.notes) == ("an image in memory", ())

    def test_the_users_image_is_left_as_it_is(self):
        img = picture(100, 100, "RGBA")
        loaded(img)
        assert (img.size, img.mode) == ((100, 100), "RGBA")

    @pytest.mark.parametrize(("path", "name"), [("/x/one.mp4", "one.mp4"), (None, "a clip")])
    def test_a_finished_clip_gives_its_last_frame(self, path, name):
        class Clip:
            def __init__(self):
                self.path = path and Path(path)

            def last_frame(self):
                return picture(832, 480)

        frame = loaded(Clip())
        assert frame.source == f"the last frame of {name}"
        assert (frame.width, frame.height) == (832, 480)

    @pytest.mark.parametrize("value", [None, 3, 2.5, True, ["cat.png"], {"a": 1}, object()])
    def test_any_other_type_is_refused_by_its_name(self, value):
        error = refused(value)
        assert type(value).__name__ in error.message
        assert "a path, an http(s) URL" in error.hint

    def test_a_clip_whose_last_frame_is_no_image_is_refused(self):
        class Clip:
            def last_frame(self):
                return "cat.png"

        assert "'str'" in refused(Clip()).message


def with_hole():
    img = picture(mode="RGBA")
    img.putpixel((0, 0), (0, 0, 0, 0))
    return img


def palette_with_hole():
    img = Image.new("P", (320, 240), 0)
    img.putpalette([255, 0, 0, 0, 255, 0])
    img.putpixel((5, 5), 1)
    return encoded(img, transparency=1)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(320, 240), "JPEG", exif=exif)


def rgb16_png():
    """A 16-bit RGB PNG, which Pillow itself cannot write."""
    import zlib

    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    rows = (b"\x00" + struct.pack(">3H", 65535, 32768, 0) * 240) * 240
    head = struct.pack(">2I5B", 240, 240, 16, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def moving(kind):
    return encoded(picture(), kind, save_all=True, append_images=[Image.new("RGB", (320, 240))])


CHANGES = {
    "transparent": (lambda: encoded(with_hole()), "has transparent parts", "put on white"),
    "opaque alpha": (
        lambda: encoded(picture(mode="RGBA")),
        "has an alpha channel",
        "the alpha channel was dropped",
    ),
    "grey alpha": (lambda: encoded(picture(mode="LA")), "has an alpha channel", "was dropped"),
    "webp alpha": (lambda: encoded(with_hole(), "WEBP"), "has transparent parts", "put on white"),
    "palette": (palette_with_hole, "has transparent parts", "put on white"),
    "gif": (lambda: encoded(picture(), "GIF"), "is GIF; the API takes JPEG, PNG", "sent as PNG"),
    "tiff": (lambda: encoded(picture(), "TIFF"), "is TIFF", "sent as PNG"),
    "moving gif": (lambda: moving("GIF"), "is GIF", "sent as PNG"),
    "moving webp": (lambda: moving("WEBP"), "has several frames", "the first one is sent"),
    "moving png": (lambda: moving("PNG"), "has several frames", "the first one is sent"),
    "cmyk": (lambda: encoded(picture(mode="CMYK"), "JPEG"), "has CMYK colours", "8 bits"),
    "16-bit grey": (
        lambda: encoded(Image.new("I;16", (320, 240), 32896)),
        "has 16-bit colours",
        "8 bits",
    ),
    "16-bit rgb": (rgb16_png, "has 16-bit colours", "8 bits"),
    "turned": (lambda: turned(6), "is stored turned (EXIF orientation 6)", "turned upright"),
    "small": (
        lambda: encoded(picture(200, 100)),
        "is 200×100 px; wan2.5-i2v-preview needs sides of 240 to 8000 px",
        "scaled to 480×240",
    ),
    "large": (lambda: encoded(picture(9000, 300)), "is 9000×300 px", "scaled to 8000×267"),
}


class TestFitting:
    @pytest.mark.parametrize("case", CHANGES)
    def test_each_change_is_made_and_noted(self, case):
        make, problem, done = CHANGES[case]
        frame = loaded(make())
        assert frame.notes[0].startswith(f"an image in memory {problem}")
        assert any(done in note for note in frame.notes)
        sent = sent_image(frame)
        assert sent.format in {"JPEG", "PNG"}
        assert sent.mode in {"RGB", "P"}
        assert not getattr(sent, "is_animated", False)
        assert loaded(sent_bytes(frame), fit=False).notes == ()

    @pytest.mark.parametrize("case", CHANGES)
    def test_without_fitting_the_same_is_an_error(self, case):
        make, problem, _ = CHANGES[case]
        error = refused(make(), fit=False)
        assert problem in error.message
        assert error.hint.startswith(("save", "scale"))

    def test_an_image_file_is_called_by_its_name(self, tmp_path):
        path = tmp_path / "cat.png"
        picture(200, 100).save(path)
        (note,) = loaded(path).notes
        limits = "wan2.5-i2v-preview needs sides of 240 to 8000 px"
        assert note == f"cat.png is 200×100 px; {limits}: scaled to 480×240"

    def test_transparent_parts_become_white(self):
        img = Image.new("RGBA", (240, 240), (0, 0, 255, 0))
        assert sent_image(loaded(img)).getpixel((9, 9)) == (255, 255, 255)

    def test_a_turned_photo_is_sent_upright_as_jpeg_without_its_turn(self):
        sent = sent_image(loaded(turned(6)))
        assert (sent.format, sent.size) == ("JPEG", (240, 320))
        assert 0x0112 not in sent.getexif()
        assert sent.getpixel((200, 40))[0] > 200  # the orange ellipse went from left to right

    @pytest.mark.parametrize("orientation", [0, 1, 9])
    def test_an_upright_or_unknown_orientation_changes_nothing(self, orientation):
        data = turned(orientation)
        assert sent_bytes(loaded(data)) == data

    @pytest.mark.parametrize(
        ("mode", "value", "grey"),
        [("I;16", 32896, 128), ("I", 65535, 255), ("CMYK", (0, 0, 0, 0), 255), ("HSV", 0, 0)],
    )
    def test_deep_and_odd_colours_keep_their_brightness(self, mode, value, grey):
        frame = loaded(Image.new(mode, (240, 240), value))
        assert sent_image(frame).getpixel((0, 0)) == (grey,) * 3
        assert f"has {mode} colours" in frame.notes[0]

    def test_floating_point_greys_are_spread_over_the_range(self):
        img = Image.new("F", (240, 240), -1.0)
        img.putpixel((0, 0), 3.0)
        sent = sent_image(loaded(img))
        assert (sent.getpixel((0, 0)), sent.getpixel((9, 9))) == ((255,) * 3, (0,) * 3)

    def test_a_colour_profile_survives_a_change_of_size_but_not_of_colours(self):
        icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        kept = loaded(encoded(picture(200, 200), icc_profile=icc))
        assert sent_image(kept).info["icc_profile"] == icc
        cmyk = encoded(picture(mode="CMYK"), "JPEG", icc_profile=icc)
        assert "icc_profile" not in sent_image(loaded(cmyk)).info

    @pytest.mark.parametrize("mode", ["P", "1"])
    def test_palette_images_are_scaled_smoothly(self, mode):
        sent = sent_image(loaded(picture(120, 120, mode)))
        assert (sent.mode, sent.size) == ("RGB", (240, 240))

    @pytest.mark.parametrize(
        ("size", "sent"),
        [
            ((7, 233), (240, 7989)),
            ((233, 7), (7989, 240)),
            ((239, 7966), (240, 7999)),
            ((8001, 241), (8000, 241)),
            ((8010, 241), (8000, 241)),
        ],
    )
    def test_narrow_images_are_scaled_until_both_sides_fit(self, size, sent):
        frame = loaded(Image.new("L", size))
        assert (frame.width, frame.height) == sent

    @pytest.mark.parametrize("size", [(50, 8000), (1, 34), (8100, 242), (0, 10)])
    @pytest.mark.parametrize("fit", [True, False])
    def test_a_shape_that_no_scale_fits_is_refused(self, size, fit):
        error = refused(Image.new("L", size), fit=fit)
        assert f"is {size[0]}×{size[1]} px" in error.message
        assert "33 times" in error.hint

    def test_several_changes_have_a_note_each(self):
        assert len(loaded(with_hole().resize((100, 100))).notes) == 2


class TestBytes:
    LIMITED = replace(LIMITS, max_bytes=60_000)

    def test_a_heavy_image_becomes_a_jpeg_of_falling_quality(self):
        frame = loaded(encoded(noise(240, 240)), self.LIMITED)
        sent = sent_image(frame)
        assert (sent.format, sent.size) == ("JPEG", (240, 240))
        assert len(sent_bytes(frame)) <= 60_000
        (note,) = frame.notes
        assert "takes 0.17 MB; at most 0.05 MB can be sent: sent as JPEG of quality" in note

    def test_if_quality_does_not_help_the_size_falls_too(self):
        frame = loaded(encoded(noise(500, 400), "JPEG", quality=95), self.LIMITED)
        assert 240 <= frame.height < 400
        assert math.isclose(frame.width / frame.height, 1.25, rel_tol=0.01)
        assert len(sent_bytes(frame)) <= 60_000
        assert f"{frame.width}×{frame.height} px" in frame.notes[0]

    def test_an_image_that_got_heavy_by_a_change_is_made_lighter_too(self):
        frame = loaded(noise(200, 200), self.LIMITED)
        assert len(frame.notes) == 2
        assert len(sent_bytes(frame)) <= 60_000

    def test_what_can_never_be_made_light_enough_is_refused(self):
        with pytest.raises(InputError, match="cannot be made small enough"):
            loaded(noise(240, 240), replace(LIMITS, max_bytes=1000))

    def test_without_fitting_a_heavy_image_is_an_error_with_the_fix(self):
        error = refused(encoded(noise(240, 240)), self.LIMITED, fit=False)
        assert "takes 0.17 MB; at most 0.05 MB can be sent" in error.message
        assert error.hint.startswith("save it as JPEG of quality ")

    def test_a_file_too_heavy_for_a_data_uri_is_uploaded_as_it_is(self, tmp_path):
        path = tmp_path / "my cat.bmp"
        picture(1700, 1600).save(path)  # 8.2 MB: under the limit of a file
        frame = loaded(path)
        data = path.read_bytes()
        assert catalog.DATA_URI_MAX_BYTES * 3 // 4 < len(data) < LIMITS.max_bytes
        assert (frame.value, frame.notes, frame.source) == ("", (), "my cat.bmp")
        assert (frame.width, frame.height) == (1700, 1600)
        assert frame.digest == frame.upload.digest == hashlib.sha256(data).hexdigest()
        assert (frame.upload.name, frame.upload.mime) == ("my cat.bmp", "image/bmp")
        assert frame.upload.size == len(data)
        with frame.upload.open() as stream:
            assert stream.read() == data

    def test_a_heavy_picture_in_memory_is_uploaded_under_its_option(self):
        frame = loaded(noise(1700, 1600), option="last_frame")
        assert frame.value == ""
        assert (frame.upload.name, frame.upload.mime) == ("last_frame.png", "image/png")

    @pytest.mark.parametrize(("extra", "inline"), [(0, True), (1, False)])
    def test_the_limit_between_the_two_is_exact(self, extra, inline):
        data = encoded(picture(), "JPEG")
        data += bytes((catalog.DATA_URI_MAX_BYTES - 23) // 4 * 3 - len(data) + extra)
        frame = loaded(data)
        assert frame.notes == ()
        assert (frame.upload is None) is inline
        assert (frame.value != "") is inline
        assert len(frame.value) <= catalog.DATA_URI_MAX_BYTES

    def test_without_a_limit_nothing_is_too_heavy(self):
        frame = loaded(encoded(noise(400, 400)), replace(LIMITS, max_bytes=None))
        assert frame.notes == ()

    def test_a_picture_over_the_models_limit_is_squeezed_and_sent_inline(self):
        frame = loaded(encoded(noise(500, 400), "BMP"), self.LIMITED)
        assert frame.upload is None
        assert frame.value.startswith("data:image/jpeg;base64,")


class TestShapes:
    """Limits that only some models have."""

    @pytest.mark.parametrize(
        ("name", "option", "fits", "breaks"),
        [
            ("wan2.7-i2v", "image", (240, 1920), (240, 1921)),
            ("wan2.7-i2v", "last_frame", (1920, 240), (1921, 240)),
            ("wan3.0-video", "ref", (240, 1920), (240, 1921)),
            ("wan2.2-animate-move", "image", (200, 600), (200, 601)),
        ],
    )
    def test_too_narrow_a_picture_cannot_be_fitted(self, name, option, fits, breaks):
        limits = catalog.MODELS[name].slot(option, "image").limits
        assert load_image(Image.new("L", fits), limits).notes == ()
        for fit in (True, False):
            with pytest.raises(InputError) as caught:
                load_image(Image.new("L", breaks), limits, needs=name, fit=fit)
            assert caught.value.message.endswith(f"px: too narrow for {name}")
            assert f"{limits.max_ratio:g} times" in caught.value.hint

    @pytest.mark.parametrize(
        ("name", "option", "given", "sent"),
        [
            ("wan2.2-kf2v-flash", "image", (300, 400), (360, 480)),
            ("wan2.2-kf2v-flash", "last_frame", (4000, 3000), (2000, 1500)),
            ("wan2.2-s2v", "image", (300, 400), (400, 533)),
            ("wan2.6-r2v", "ref", (6000, 3000), (5000, 2500)),
            ("wan2.2-animate-mix", "image", (100, 100), (200, 200)),
        ],
    )
    def test_sides_are_scaled_into_each_models_limits(self, name, option, given, sent):
        limits = catalog.MODELS[name].slot(option, "image").limits
        frame = load_image(Image.new("L", given), limits, option=option, needs=name)
        assert (frame.width, frame.height) == sent
        assert f"{name} needs sides of {limits.min_side} to {limits.max_side} px" in frame.notes[0]
        assert (frame.option, frame.media) == (option, "image")

    def test_where_no_limit_is_known_nothing_is_changed(self):
        limits = catalog.MODELS["wanx2.1-vace-plus"].slot("ref", "image").limits
        for size in ((8, 8), (9000, 100)):
            frame = load_image(Image.new("L", size), limits)
            assert ((frame.width, frame.height), frame.notes) == (size, ())


class TestUnreadableImages:
    @pytest.mark.parametrize("given", ["cta.png", "CAT.PNG", "cat.jpg"])
    def test_a_missing_file_is_told_with_the_nearest_name(self, tmp_path, given):
        (tmp_path / "cat.png").write_bytes(b"x")
        error = refused(tmp_path / given)
        assert error.message == f"no such image: '{given}'"
        assert error.hint == f"did you mean 'cat.png'? looked in {tmp_path}"

    def test_a_relative_name_is_looked_for_in_the_working_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        error = refused("cta.png")
        assert (error.message, error.hint) == ("no such image: 'cta.png'", f"looked in {tmp_path}")

    def test_a_missing_folder_is_told(self, tmp_path):
        assert (
            refused(tmp_path / "no" / "a.png").hint == f"there is no readable folder {tmp_path}/no"
        )

    def test_a_file_used_as_a_folder_is_told(self, tmp_path):
        (tmp_path / "a.png").write_bytes(b"x")
        assert "no such image" in refused(tmp_path / "a.png" / "b.png").message

    @pytest.mark.parametrize(
        ("value", "part"),
        [
            ("", "no image was given"),
            ("  ", "no image was given"),
            ("a\x00b", "cannot be opened"),
            ("~nobody-of-that-name/a.png", "cannot be opened"),
            ("iVBORw0KGgo" * 4000, "cannot be opened"),
            (b"", "an image in memory is empty (0 bytes)"),
            (bytearray(), "an image in memory is empty"),
            (b"<html>404</html>", "is not an image that can be read"),
            (b"\x00" * 1000, "is not an image that can be read"),
        ],
    )
    def test_what_holds_no_image_is_refused(self, value, part):
        assert part in refused(value).message

    def test_a_folder_is_refused(self, tmp_path):
        assert "is a folder, not an image" in refused(tmp_path).message

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.png")
        assert "is not a plain file" in refused(tmp_path / "pipe.png").message

    def test_a_file_without_permission_is_told(self, tmp_path, monkeypatch):
        (tmp_path / "cat.png").write_bytes(encoded(picture()))
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        assert "may not be read (no permission)" in refused(tmp_path / "cat.png").message

    def test_a_file_that_fails_while_it_is_read_is_told(self, tmp_path, monkeypatch):
        (tmp_path / "cat.png").write_bytes(encoded(picture()))

        def fail(self):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(Path, "read_bytes", fail)
        assert "cannot be opened: Input/output error" in refused(tmp_path / "cat.png").message

    def test_a_huge_file_is_refused_before_it_is_read(self, tmp_path, monkeypatch):
        path = tmp_path / "huge.png"
        with path.open("wb") as file:
            file.truncate(given.MAX_READ_BYTES + 1)  # sparse: takes no space
        monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("it was read"))
        assert "over 256 MB is not read" in refused(path).message

    @pytest.mark.parametrize("kind", catalog.IMAGE_FORMATS)
    def test_a_truncated_image_is_refused(self, kind):
        data = encoded(noise(240, 240), kind)
        assert "cut short or damaged" in refused(data[: len(data) * 6 // 10]).message

    def test_a_decompression_bomb_is_refused(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30_000)
        assert "too many pixels to be opened safely" in refused(encoded(picture())).message

    def test_a_large_image_below_the_bomb_limit_is_sent_without_a_warning(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60_000)  # Pillow would warn
        assert loaded(encoded(picture())).notes == ()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "plain.mp4")
    make_clip(folder / "front.mp4", movflags="faststart")
    make_clip(folder / "sound.mp4", sound=True, movflags="faststart")
    make_clip(folder / "short.mp4", frames=3)
    make_clip(folder / "other.mkv")
    make_clip(folder / "dark.mp4", frames=45, dark=20)
    make_clip(folder / "all_dark.mp4", frames=12, dark=12)
    return folder


def all_frames(path):
    with av.open(str(path)) as box:
        return [frame.to_image() for frame in box.decode(video=0)]


BAD = ("zero bytes", "html", "text", "png", "playlist", "no moov")


def bad_file(folder, clips, kind):
    path = folder / "clip.mp4"
    whole = (clips / "plain.mp4").read_bytes()
    path.write_bytes(
        {
            "zero bytes": b"",
            "html": b"<!DOCTYPE html><html><body>AccessDenied</body></html>" * 20,
            "text": b"Request has expired.",
            "png": encoded(picture()),
            "playlist": b"#EXTM3U\n#EXTINF:1,\nother.ts\n",
            "no moov": whole[: len(whole) * 6 // 10],
        }[kind]
    )
    return path


class TestProbe:
    @pytest.mark.parametrize("name", ["plain.mp4", "front.mp4", "sound.mp4", "other.mkv"])
    @pytest.mark.parametrize("as_type", [str, Path])
    def test_a_whole_clip_is_described(self, clips, name, as_type):
        info = probe_video(as_type(clips / name))
        assert (info.width, info.height, info.fps) == (320, 240, 30)
        assert info.duration == pytest.approx(2, abs=0.05)
        assert info.has_audio is (name == "sound.mp4")

    def test_a_very_short_clip_is_whole_too(self, clips):
        assert probe_video(clips / "short.mp4").duration == pytest.approx(0.1, abs=0.01)

    @pytest.mark.parametrize("kind", BAD)
    @pytest.mark.parametrize("look", [probe_video, last_frame, poster])
    def test_what_is_no_video_is_refused_by_name(self, tmp_path, clips, look, kind):
        with pytest.raises(InputError, match=r"^clip\.mp4 is not a playable video"):
            look(bad_file(tmp_path, clips, kind))

    @pytest.mark.parametrize(
        ("name", "share"),
        [(n, s) for n in ("front.mp4", "sound.mp4") for s in (0.3, 0.6, 0.9, 0.99)]
        + [("other.mkv", 0.3), ("other.mkv", 0.6)],
    )
    def test_a_cut_clip_with_its_index_in_front_is_noticed(self, tmp_path, clips, name, share):
        data = (clips / name).read_bytes()
        path = tmp_path / name
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError, match="is not a playable video"):
            probe_video(path)

    def test_a_cut_between_two_packets_is_noticed(self, tmp_path, clips):
        with av.open(str(clips / "front.mp4")) as box:
            last = max(packet.pos for packet in box.demux(video=0) if packet.pos is not None)
        path = tmp_path / "a.mp4"
        path.write_bytes((clips / "front.mp4").read_bytes()[:last])
        with pytest.raises(InputError, match="cut short"):
            probe_video(path)

    def test_a_clip_whose_pictures_are_garbage_is_refused(self, tmp_path, clips):
        data = bytearray((clips / "front.mp4").read_bytes())
        start = data.index(b"mdat") + 4
        data[start:] = bytes(len(data) - start)
        path = tmp_path / "a.mp4"
        path.write_bytes(data)
        with pytest.raises(InputError, match="is not a playable video"):
            probe_video(path)

    def test_a_sound_file_is_no_video(self, tmp_path):
        with pytest.raises(InputError, match="is not a playable video"):
            probe_video(make_sound(tmp_path / "a.mp4", kind="mp3"))

    def test_a_missing_clip_is_told_with_the_nearest_name(self, clips):
        with pytest.raises(InputError) as caught:
            probe_video(clips / "plain.mp3")
        assert caught.value.message == "no such video: 'plain.mp3'"
        assert "did you mean 'plain.mp4'?" in caught.value.hint

    def test_a_folder_is_no_video(self, tmp_path):
        with pytest.raises(InputError, match="is not a playable video"):
            probe_video(tmp_path)


class TestFrames:
    @pytest.mark.parametrize(
        "name", ["plain.mp4", "front.mp4", "sound.mp4", "short.mp4", "other.mkv"]
    )
    def test_the_last_frame_is_exactly_the_last_one(self, clips, name):
        frames = all_frames(clips / name)
        found = last_frame(clips / name)
        assert (found.size, found.mode) == ((320, 240), "RGB")
        assert found.tobytes() == frames[-1].tobytes()
        assert found.tobytes() != frames[-2].tobytes()

    def test_a_long_clip_is_not_decoded_as_a_whole(self, clips, monkeypatch):
        ways = []
        decode = video._decode_last

        def spy(path, *, near_end):
            ways.append(near_end)
            return decode(path, near_end=near_end)

        monkeypatch.setattr(video, "_decode_last", spy)
        last_frame(clips / "plain.mp4")
        assert ways == [True]

    def test_a_clip_that_cannot_be_sought_is_decoded_as_a_whole(self, tmp_path):
        path = tmp_path / "raw.mkv"
        with av.open(str(path), "w", options={"live": "1"}) as box:  # no length, no index
            video = box.add_stream("mpeg4", rate=30)
            video.width, video.height = 64, 64
            for i in range(5):
                img = Image.new("RGB", (64, 64), (40 * i, 0, 0))
                box.mux(video.encode(av.VideoFrame.from_image(img)))
            box.mux(video.encode())
        assert last_frame(path).tobytes() == all_frames(path)[-1].tobytes()

    def test_a_poster_is_a_small_jpeg_of_the_first_frame(self, clips):
        data = poster(clips / "plain.mp4", max_side=160)
        img = Image.open(io.BytesIO(data))
        assert (img.format, img.size) == ("JPEG", (160, 120))
        assert len(data) < 60_000
        noise = ImageStat.Stat(img.crop((120, 0, 160, 20)))
        assert noise.mean[1] > 20  # the red bar is still short

    def test_a_poster_is_never_larger_than_the_clip(self, clips):
        assert Image.open(io.BytesIO(poster(clips / "plain.mp4"))).size == (320, 240)

    def test_a_black_start_is_passed_over(self, clips):
        img = Image.open(io.BytesIO(poster(clips / "dark.mp4")))
        assert img.getpixel((100, 30))[0] > 180  # at 1 s the bar is two thirds long
        noise = ImageStat.Stat(img.crop((250, 0, 320, 60)).convert("L"))
        assert noise.mean[0] > 20

    def test_a_clip_that_stays_black_still_has_a_poster(self, clips):
        assert poster(clips / "all_dark.mp4").startswith(b"\xff\xd8")


class TestDigest:
    """What an equal request is known by."""

    IMAGE = Image.effect_noise((400, 300), 90).convert("RGB")

    def test_of_a_file_it_is_that_of_its_bytes_also_where_the_picture_is_made_to_fit(self):
        clear, file = self.IMAGE.copy(), io.BytesIO()
        clear.putalpha(200)
        clear.save(file, "PNG")
        changed = loaded(file.getvalue())
        assert changed.notes
        assert changed.digest == hashlib.sha256(file.getvalue()).hexdigest()

    def test_of_a_picture_in_memory_it_does_not_follow_from_how_it_is_encoded(self, monkeypatch):
        before = loaded(self.IMAGE)
        monkeypatch.setattr(images, "_encode", lambda *_, **__: b"written by another version")
        after = loaded(self.IMAGE)
        assert after.value != before.value
        assert after.digest == before.digest

    def test_other_pixels_are_another_picture(self):
        other = self.IMAGE.copy()
        other.putpixel((0, 0), (1, 2, 3))
        assert loaded(other).digest != loaded(self.IMAGE).digest
