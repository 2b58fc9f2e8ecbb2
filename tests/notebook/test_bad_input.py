"""Bad input: one or two lines, no traceback, a failed cell, and nothing is sent."""

from __future__ import annotations

import wave

import pytest
from magic_shell import png

from wan_magic.errors import InputError, SettingsError

IMAGE = "--image cat.png"
URL = "https://example.com/cat.png"


def sound(path, seconds, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(int(seconds * rate) * 2))


@pytest.fixture(scope="session")
def bad_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    (folder / "cat.png").write_bytes(png())
    (folder / "text.png").write_text("no picture at all")
    (folder / "cut.png").write_bytes(png()[:60])
    (folder / "empty.png").write_bytes(b"")
    (folder / "small.png").write_bytes(png(239, 400))
    (folder / "large.png").write_bytes(png(8001, 260))
    (folder / "strip.png").write_bytes(png(20, 2000))
    (folder / "alpha.png").write_bytes(png(mode="RGBA", colour=(0, 90, 160, 120)))
    (folder / "folder.png").mkdir()
    sound(folder / "short.wav", 2)
    sound(folder / "long.wav", 31)
    sound(folder / "good.wav", 4)
    (folder / "broken.mp3").write_bytes(b"not a sound" * 50)
    (folder / "song.flac").write_bytes(b"fLaC" + bytes(100))
    return folder


@pytest.fixture
def material(bad_files, monkeypatch):
    monkeypatch.chdir(bad_files)
    return bad_files


CASES = [
    # line, what the message names, what the hint offers
    pytest.param("--imgae cat.png", "--imgae", "--image", id="unknown option"),
    pytest.param("clip --xyzzy", "--xyzzy", "%wanvideo help", id="unlike any option"),
    pytest.param(
        f"{IMAGE} --model wan2.5-i2v-preveiw", "preveiw", "wan2.5-i2v-preview", id="model"
    ),
    pytest.param(f"{IMAGE} --model sora", "'sora'", "%wanvideo models", id="foreign model"),
    pytest.param(f"{IMAGE} -r 4K", "'4K'", "480P, 720P, 1080P", id="resolution"),
    pytest.param(
        f"{IMAGE} -m wan2.6-i2v -r 480P", "'480P'", "720P, 1080P", id="model's resolution"
    ),
    pytest.param(f"{IMAGE} -d 7", "7", "5, 10", id="duration"),
    pytest.param(f"{IMAGE} -m wan2.2-i2v-plus -d 10", "10", "5", id="model's duration"),
    pytest.param(f"{IMAGE} -d five", "'five'", "--duration 5", id="duration in words"),
    pytest.param(f"{IMAGE} --seed -1", "-1", "0 to 2147483647", id="seed below"),
    pytest.param(f"{IMAGE} --seed 2147483648", "2147483648", "0 to 2147483647", id="seed above"),
    pytest.param(f"{IMAGE} --shot-type multi", "shot type", "wan2.6-i2v", id="no shot types"),
    pytest.param(f"{IMAGE} -m wan2.6-i2v --shot-type many", "'many'", "multi", id="shot type"),
    pytest.param(
        f"{IMAGE} -m wanx2.1-i2v-turbo --template flyin", "'flyin'", "flying", id="template"
    ),
    pytest.param(
        f"{IMAGE} -m wanx2.1-i2v-turbo --template dragon", "'dragon'", "flying", id="plus template"
    ),
    pytest.param(
        f"{IMAGE} -m wanx2.1-i2v-turbo --audio auto", "silent", "wan2.5-i2v-preview", id="sound"
    ),
    pytest.param(
        f"{IMAGE} -m wanx2.1-i2v-turbo --audio off", "silent", "wan2.5-i2v-preview", id="no sound"
    ),
    pytest.param(
        f"{IMAGE} -m wan2.2-i2v-flash --audio https://example.com/a.mp3",
        "takes no --audio",
        "it takes --image",
        id="sound for a silent model",
    ),
    pytest.param("-m wan2.5-i2v-preview", "needs --image", "a picture", id="no image"),
    pytest.param("--image catt.png", "'catt.png'", "'cat.png'", id="missing image"),
    pytest.param("--image nowhere/cat.png", "'cat.png'", "nowhere", id="missing folder"),
    pytest.param("--image text.png", "text.png", "PNG", id="no picture"),
    pytest.param("--image cut.png", "cut.png", "again", id="cut picture"),
    pytest.param("--image empty.png", "empty", "PNG", id="empty picture"),
    pytest.param("--image folder.png", "folder", "path", id="a folder"),
    pytest.param("--image ''", "no image", "path", id="empty path"),
    pytest.param("--image ftp://host/cat.png", "ftp://", "http", id="ftp"),
    pytest.param("--image 'http://'", "http://", "address", id="half a URL"),
    pytest.param("--image data:image/png;base64,%%%", "base64", "encode", id="bad data URI"),
    pytest.param(
        "--image data:text/plain;base64,QQ==", "base64 image", "data:image", id="data URI"
    ),
    pytest.param("--image strip.png", "20×2000", "crop", id="impossible shape"),
    pytest.param("--no-fit --image small.png", "239×400", "scale", id="small, --no-fit"),
    pytest.param("--no-fit --image large.png", "8001×260", "scale", id="large, --no-fit"),
    pytest.param("--no-fit --image alpha.png", "transparent", "alpha", id="alpha, --no-fit"),
    pytest.param("--image {{42}}", "'int'", "bytes", id="a number"),
    pytest.param("--image {{nothing}}", "NameError", r"\{{", id="undefined"),
    pytest.param("--image {{None}}", "is None", "leave its option out", id="nothing"),
    pytest.param("--ref none", "'none'", "leave its option out", id="a variable of nothing"),
    pytest.param("--image number", "'int'", "bytes", id="variable of a wrong kind"),
    pytest.param(f"{IMAGE} --audio song.flac", "song.flac", "", id="audio format"),
    pytest.param(f"{IMAGE} --audio https://example.com/a.ogg", "ogg", "", id="audio URL's format"),
    pytest.param(f"{IMAGE} --audio broken.mp3", "broken.mp3", "", id="broken audio"),
    pytest.param(f"{IMAGE} --audio short.wav", "2.00 s", "3 to 30 s", id="short audio"),
    pytest.param(f"{IMAGE} --audio long.wav", "31.00 s", "3 to 30 s", id="long audio"),
    pytest.param(f"{IMAGE} --audio no.wav", "no.wav", "looked in", id="missing audio"),
    pytest.param(f"{IMAGE} --audio of", "of", "off", id="audio off, misspelt"),
    pytest.param(f"{IMAGE} --negative 'open", "quote", "", id="unclosed quote"),
    pytest.param(f"clip extra {IMAGE}", "'extra'", "cell", id="extra word"),
    pytest.param(f"my-clip {IMAGE}", "'my-clip'", "clip", id="bad name"),
    pytest.param(f"{IMAGE} --seed 1 --seed 2", "twice", "one", id="twice"),
    pytest.param(f"{IMAGE} --timeout 0", "above 0", "600", id="no time"),
]


@pytest.mark.parametrize(("line", "named", "offered"), CASES)
def test_bad_options_and_media(shell, material, posted, no_server, line, named, offered):
    shell.user_ns.update(number=42, none=None)
    cell = shell.refused(f"%%wanvideo {line}\nA cat", InputError)
    assert named in cell.error.message
    assert offered in str(cell.error)
    assert not posted
    assert "clip" not in shell.user_ns
    assert not (material / "wan_videos").exists()


WEB = "https://example.com/"
COMBINATIONS = [
    # line, with @ for the address of a host, the message, what the hint offers
    ("-m wan2.7-i2v --last-frame @a.png", "does not take --last-frame by itself", "--image"),
    ("-m wan2.7-i2v --audio @a.mp3", "does not take --audio by itself", "--image + --audio"),
    ("-m 2.7 --image @a.png --clip @c.mp4", "does not take --image with --clip", "--clip"),
    ("-m wan2.7-i2v", "needs a first frame or a clip to continue", "--image + --last-frame"),
    ("-m wan2.7-r2v --image @a.png", "wan2.7-r2v needs --ref", "add --ref"),
    ("-m 2.7 --ref @a.mp3", "a.mp3 is a voice", "--ref anna.png --ref anna.wav"),
    (f"-m 2.7 {'--ref @a.png ' * 6}", "6 images as --ref are too many", "at most 5"),
    ("-m 2.7 --ref @a.mp4 -d 15", "too long together with a reference video", "at most 10 s"),
    ("-m 2.6 --ref @a.mp3", "takes no audio", "image or video"),
    (f"-m 2.6 {'--ref @a.mp4 ' * 4}", "4 videos as --ref are too many", "at most 3"),
    (f"-m 2.6 {'--ref @a.mp4 ' * 3}{'--ref @a.png ' * 3}", "6 of --ref are too many", "at most 5"),
    ("-m wan2.7-videoedit --ref @a.png", "needs --video", "add --video"),
    ("-m wan2.7-videoedit --video @a.mp4 -d 11", "does not take duration 11", "0, 2 to 10"),
    ("-m wan2.7-videoedit --video @a.mp4 --audio @a.mp3", "takes no --audio", "--video, --ref"),
    ("-m 3.0 --image @a.png --ref @b.png", "--image together with --ref", "keep one of them"),
    ("-m 3.0 --last-frame @a.png --file @a.pdf", "--last-frame together with --file", "keep one"),
    ("-m 3.0 --file @a.pdf --link @page", "--file together with --link", "keep one of them"),
    ("-m 3.0 --file @a.pdf --no-prompt-extend", "by prompt extension, which is off", "leave"),
    ("--image @a.mp4", "a .mp4 file is no picture", "JPEG, PNG"),
    ("-m 2.7 --clip @a.png", "must be mp4 or mov", ""),
    ("-m 2.7 --audio @a.mp4", "must be wav or mp3", ""),
    ("-m 2.1 --ref @a.png --ref @b.png --param obj_or_bg='[\"obj\"]'", "1 words for 2", "each"),
    ("-m 3.0 --negative x", "takes no negative prompt", "wan2.7-t2v"),
    ("-m 3.0 -d 31", "does not take duration 31", "-1, 2 to 30"),
    ("-m 2.6 -r 480P", "does not take resolution '480P'", "720P, 1080P"),
    ("-m 2.6 --size 832x480", "does not take size '832*480'", "1280*720"),
    ("--size 832*480 --ratio 16:9", "together with a resolution or a ratio", "keep the size"),
    ("-r 480P --ratio 4:3", "makes no 4:3 at 480P", "16:9, 9:16, 1:1"),
    ("-m 2.6 --image @a.png --ratio 9:16", "takes no ratio", "the shape of the input"),
    ("-m 2.6 --mode pro", "takes no mode", "wan2.2-animate-move"),
    ("-m wan2.2-s2v --image @a.png", "needs --audio", "add --audio"),
    ("-m wan2.2-s2v --image @a.png --audio @a.mp3 --seed 7", "takes no seed", "models that do"),
    ("-m wan2.2-animate-mix --video @a.mp4", "needs --image", "add --image"),
    ("-m 2.2-move --image @a.png --video @a.mp4 --mode fast", "mode 'fast'", "wan-std, wan-pro"),
    ("-m wan2.2-kf2v-flash --last-frame @a.png", "needs --image", "add --image"),
    ("-m wanx2.1-vace-plus --mask @a.png", "needs --video, --ref, --image", "add --video"),
    ("-m wanx2.1-vace-plus --video @a.mp4 --function paint", "function 'paint'", "video_edit"),
    ("-m wanx2.1-vace-plus --video @a.mp4 --param strength=2", "strength 2", "0 to 1"),
    (f"-m 2.1 {'--ref @a.png ' * 4}", "4 images as --ref are too many", "at most 3"),
    ("--image @a.png --video @b.mp4", "several models may take --image with --video", "mix or"),
    ("-m 2.6 --video @b.mp4", "no wan2.6 model takes --video", "wan2.7-videoedit"),
    ("-m 2.5 --image @a.png --last-frame @b.png", "--image with --last-frame", "wan2.7-i2v"),
    ("-m wan2.2-s2v-detect --image @a.png", "checks a portrait", "check_portrait(image)"),
    ("-m wanx-kf2v --image @a.png", "is retired", "wan2.2-kf2v-flash"),
    ("-m 3.0 --ref @noname", "does not tell whether it is", "ends in .jpg"),
    # What is given twice.
    ("--param a=1 --param a=2", "--param a=… is given twice", "keep one of them"),
    ("-m 2.7 -r 720P --param resolution=1080P", "resolution is given twice", "keep one"),
    ("--seed 7 --param seed=8", "seed is given twice", "keep one of them"),
    ("--negative x --input negative_prompt=y", "negative_prompt is given twice", "keep one"),
    ("--image @a.png --input img_url=@b.png", "img_url is given twice", "keep one"),
    ("-m 2.7 --image @a.png --input media=[]", "media is given twice", "keep one"),
    ("--input prompt=dog", "prompt is given twice", "keep one"),
    ("--param resolution=720P --size 1280x720 -m 2.7", "takes no size", "wan2.6-t2v"),
    # What is given as a field of its own is checked like the option.
    ("-m 2.7 --param resolution=4K", "does not take resolution '4K'", "720P, 1080P"),
    ("-m 2.7 --param 'duration=\"5\"'", "duration '5' is not a whole number", ""),
    ("-m 2.7 --param watermark=1", "watermark 1 is not True or False", ""),
]


@pytest.mark.parametrize(
    ("line", "named", "offered"), COMBINATIONS, ids=[c[0] for c in COMBINATIONS]
)
def test_what_does_not_go_together(shell, posted, no_server, line, named, offered):
    cell = shell.refused(f"%%wanvideo clip {line.replace('@', WEB)}\nA cat", InputError)
    assert named in cell.error.message
    assert offered in cell.error.hint
    assert not posted
    assert "clip" not in shell.user_ns


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("", None),
        ("clip", "use %%wanvideo (two %)"),
        ("clip --seed 7", "use %%wanvideo (two %)"),
        ("clip --image cat.png", "use %%wanvideo (two %)"),
        ("clip --ref cat.png", "use %%wanvideo (two %)"),
        ("modles", "did you mean models?"),
        ("pannel", "did you mean panel?"),
        ("resumee", "did you mean resume?"),
        ("cancle", "did you mean cancel?"),
    ],
)
def test_a_line_without_a_cell(shell, posted, line, hint):
    if hint is None:
        assert "Inputs" in shell.good("%wanvideo").out
        return
    cell = shell.refused(f"%wanvideo {line}", InputError)
    assert "there is no prompt: a line magic has no body" in cell.text
    assert hint in cell.error.hint
    assert not posted


@pytest.mark.parametrize("line", ["clip", "--ref cat.png", "-m 2.7 --ratio 9:16"])
@pytest.mark.parametrize("body", ["", " ", "\n\n", "\t", "{{''}}"])
def test_an_empty_prompt_where_the_model_needs_one(shell, posted, line, body):
    cell = shell.refused(f"%%wanvideo {line}\n{body}\n", InputError)
    assert "prompt is empty" in cell.text
    assert not posted


@pytest.mark.parametrize("body", ["", " ", "\n\n", "{{''}}"])
def test_an_empty_prompt_where_a_picture_is_enough_is_noted(shell, posted, body):
    cell = shell.run(f"%%wanvideo {IMAGE} --seed 7\n{body}\n")
    assert "note: there is no prompt: the model decides what happens" in cell.text
    assert posted[0].body()["input"].keys() == {"img_url"}


@pytest.mark.parametrize(
    ("body", "named"),
    [("a {{colour}} cat", "NameError"), ("a {{1 +}} cat", "not a Python expression")],
)
def test_a_prompt_with_a_value_that_is_not_there(shell, posted, body, named):
    cell = shell.refused(f"%%wanvideo {IMAGE}\n{body}", InputError)
    assert named in cell.text
    assert not posted


def test_an_error_in_the_users_own_expression_keeps_its_cause(shell):
    cell = shell.refused(f"%%wanvideo {IMAGE}\n{{{{1 / 0}}}}", InputError)
    assert isinstance(cell.error.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("endpoint", "named", "offered"),
    [
        ("bejing", "'bejing'", "beijing"),
        ("mars", "'mars'", "singapore"),
        ("ftp://host/api/v1", "ftp://", "https://"),
        ("https://", "https://", "https://host"),
        ("http://example.com/api/v1", "unencrypted", "https"),
        ("https://me:secret@example.com/api/v1", "example.com", "DASHSCOPE_API_KEY"),
        ("https://example.com/api/v1?key=secret", "example.com", "DASHSCOPE_API_KEY"),
    ],
)
def test_an_endpoint_that_can_not_be_used(shell, posted, endpoint, named, offered):
    cell = shell.refused(f"%%wanvideo {IMAGE} --endpoint {endpoint}\nA cat", SettingsError)
    assert named in cell.error.message
    assert offered in str(cell.error)
    assert "secret" not in cell.text
    assert not posted


def test_a_region_without_a_key(shell, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    cell = shell.refused(f"%%wanvideo {IMAGE} --endpoint singapore\nA cat", SettingsError)
    assert "DASHSCOPE_API_KEY" in cell.text
    assert "--endpoint local" in cell.text


def test_settings_are_checked_in_a_dry_run_too(shell, no_server):
    shell.refused(f"%%wanvideo {IMAGE} --endpoint mars --dry-run\nA cat", SettingsError)
    shell.refused(f"%%wanvideo {IMAGE} -r 9P --dry-run\nA cat", InputError)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("show", "show needs the id of a job"),
        ("forget --files", "forget needs the id of a job"),
        ("cost day month", "unexpected 'month'"),
        ("jobs --state finished", "there is no state 'finished'"),
        ("resume 1234 --seed 7", "seed"),
        ("resume 1234 --seed 7 --image cat.png", "image, seed"),
        ("resume 1234 --bogus", "--bogus"),
        ("nonsense words here", "is no command of %wanvideo"),
    ],
)
def test_subcommands_that_make_no_sense(shell, posted, line, kind):
    cell = shell.refused(f"%wanvideo {line}", InputError)
    assert kind in cell.text
    assert not posted


def test_python_errors_are_the_same_ones(shell, posted):
    cell = shell.refused("import wan_magic; wan_magic.submit('A cat', image='no.png')", InputError)
    assert "no.png" in cell.text
    cell = shell.refused("wan_magic.submit('A cat', image='cat.png', sede=7)", InputError)
    assert "'sede'" in cell.text
    assert "did you mean seed?" in cell.text
    assert not posted


def test_a_refusal_by_the_server_reads_as_well(shell, posted):
    cell = shell.run(f"%%wanvideo clip {IMAGE}\nA cat")
    assert not cell.ok
    assert "Traceback" not in cell.text
    assert "ApiError: HTTP 400 Refused: by the test" in cell.text
    assert len(posted) == 1
