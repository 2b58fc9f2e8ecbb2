"""`%%wanvideo` and `%wanvideo` in a shell: what they show, bind, send, and leave behind."""

from __future__ import annotations

import atexit
import io
import json
import logging
import re
import sys
import threading
import wave
from pathlib import Path

import pytest
from films import film
from magic_shell import CLOSED, KEY, SMALL, WIDGET, png
from PIL import Image
from waiting import wait_until

from wan_magic.errors import ApiError, InputError, JobTimeout
from wan_magic.jobs.job import Job, State

CELL = "%%wanvideo clip --image cat.png --seed 7\nA cat runs"


def state_of(ip):
    """All of a shell that an extension could change."""
    ip.run_line_magic("unload_ext", "never_loaded")  # IPython makes its own magics when used
    formatter = ip.display_formatter.ipython_display_formatter
    return {
        "line": set(ip.magics_manager.magics["line"]),
        "cell": set(ip.magics_manager.magics["cell"]),
        "registry": set(ip.magics_manager.registry),
        "configurables": [type(one).__name__ for one in ip.configurables],
        "deferred": set(formatter.deferred_printers),
        "printers": {kind.__name__ for kind in formatter.type_printers},
        "names": {name for name in ip.user_ns if not name.startswith("_")},
        "events": {name: list(functions) for name, functions in ip.events.callbacks.items()},
        "matchers": [one.__qualname__ for one in ip.Completer.custom_matchers],
        "completers": {name: repr(hook) for name, hook in ip.strdispatchers.items()},
        "hooks": {name: str(hook) for name, hook in ip.hooks.items()},
        "transformers": [
            *ip.input_transformer_manager.cleanup_transforms,
            *ip.input_transformer_manager.line_transforms,
            *ip.input_transformers_post,
            *ip.ast_transformers,
        ],
        "lazy": dict(ip.magics_manager.lazy_magics),
        "formatters": {
            kind: (set(one.type_printers), set(one.deferred_printers))
            for kind, one in ip.display_formatter.formatters.items()
        },
        "errors": (ip.custom_exceptions, sys.excepthook, threading.excepthook),
        "import hooks": list(map(str, sys.meta_path)),
        "log handlers": list(logging.getLogger("wan_magic").handlers + logging.root.handlers),
    }


# -- loading --------------------------------------------------------------------


def test_the_magic_is_there_only_after_load_ext(bare_shell):
    assert (
        not bare_shell.run("%wanvideo help").ok
        or "not found" in bare_shell.run("%wanvideo help").text
    )
    bare_shell.good("%load_ext wan_magic")
    assert "--image" in bare_shell.good("%wanvideo help").out


def test_unloading_leaves_nothing_behind(bare_shell):
    before = state_of(bare_shell.ip)
    bare_shell.good("%load_ext wan_magic")
    assert state_of(bare_shell.ip) != before
    bare_shell.good("%unload_ext wan_magic")
    assert state_of(bare_shell.ip) == before


def test_loading_again_and_again_piles_nothing_up(bare_shell):
    def piled():
        return atexit._ncallbacks(), {thread.name for thread in threading.enumerate()}

    bare_shell.good("%load_ext wan_magic")
    bare_shell.good("%unload_ext wan_magic")
    once = piled()
    for _ in range(3):
        bare_shell.good("%load_ext wan_magic")
        bare_shell.good("%wanvideo help")
        bare_shell.good("%unload_ext wan_magic")
    assert piled() == once


def test_unloading_after_use_leaves_nothing_behind(bare_shell, posted):
    before = state_of(bare_shell.ip)
    bare_shell.good("%load_ext wan_magic")
    bare_shell.run(CELL)
    bare_shell.run("clip")
    bare_shell.good("del clip")
    bare_shell.good("%unload_ext wan_magic")
    assert state_of(bare_shell.ip) == before


def test_loading_twice_and_reloading_are_harmless(bare_shell, posted):
    bare_shell.good("%load_ext wan_magic")
    once = state_of(bare_shell.ip)
    bare_shell.good("%load_ext wan_magic")
    bare_shell.good("import wan_magic; wan_magic.load_ipython_extension(get_ipython())")
    bare_shell.good("%reload_ext wan_magic")
    bare_shell.good("del wan_magic")
    assert state_of(bare_shell.ip) == once
    bare_shell.run(CELL)
    assert len(posted) == 1


def test_with_a_kernel_nothing_is_left_behind_either(watched, posted, widgets, real_job):
    watched.good("%unload_ext wan_magic")
    before = state_of(watched.ip)
    watched.good("%load_ext wan_magic")
    watched.user_ns["clip"] = real_job
    watched.good("clip")
    watched.good("del clip")
    assert state_of(watched.ip) != before
    watched.good("%unload_ext wan_magic")
    assert state_of(watched.ip) == before


def test_unloading_what_is_not_loaded_is_harmless(bare_shell):
    before = state_of(bare_shell.ip)
    bare_shell.good("import wan_magic; wan_magic.unload_ipython_extension(get_ipython())")
    bare_shell.good("del wan_magic")
    assert state_of(bare_shell.ip) == before


def test_the_settings_of_config_survive_a_second_load(shell):
    shell.good('%config WanMagics.model = "wan2.6-i2v"')
    shell.good("%load_ext wan_magic")
    assert "'wan2.6-i2v'" in repr(shell.good("%config WanMagics.model").value)


def test_lazy_loading_by_ipythons_own_setting(bare_shell):
    bare_shell.good("get_ipython().magics_manager.lazy_magics['wanvideo'] = 'wan_magic'")
    assert "--image" in bare_shell.good("%wanvideo help").out


# -- help -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "%wanvideo",
        "%wanvideo help",
        "%wanvideo --help",
        "%wanvideo -h",
        "%%wanvideo --help\nwith a body",
        "%%wanvideo clip --image cat.png --help\nwith a body",
        "%%wanvideo -h\n\n",
    ],
)
def test_help_is_printed_wherever_it_is_asked_for(shell, posted, cell):
    out = shell.good(cell).out
    assert "%%wanvideo [NAME] [OPTIONS]" in out
    assert "--dry-run" in out
    assert not posted


def test_a_prompt_may_speak_of_help(shell, posted):
    shell.run("%%wanvideo --image cat.png\nA man calls --help -h help")
    assert posted[0].prompt == "A man calls --help -h help"


def test_a_quoted_help_is_a_value(shell, posted):
    shell.run("%%wanvideo --image cat.png --negative='a --help sign'\nA cat")
    shell.run("%%wanvideo --image cat.png --negative 'a -h sign'\nA cat")
    assert [request.negative_prompt for request in posted] == ["a --help sign", "a -h sign"]


def test_the_question_mark_says_what_the_magic_does(shell):
    text = shell.good("get_ipython().inspector.info(get_ipython().find_line_magic('wanvideo'))")
    assert "%%wanvideo clip --image cat.png" in text.value["docstring"]


# -- the prompt -----------------------------------------------------------------


def test_the_body_is_sent_as_it_stands(shell, posted):
    shell.user_ns["x"] = "expanded"
    prompt = "{x} $x ${x} %x %%x 100% {'a': {}} \"q\" it's \\{{x}}\n\n第二行“好”"
    shell.run(f"%%wanvideo --image cat.png\n{prompt}")
    assert posted[0].prompt == prompt.replace("\\{{", "{{")


def test_the_line_is_not_expanded_by_ipython(shell, posted):
    shell.user_ns["x"] = "expanded"
    shell.run("%%wanvideo --image cat.png --negative '{x} $x'\nA cat")
    assert posted[0].negative_prompt == "{x} $x"


def test_values_come_from_the_users_variables(shell, posted):
    shell.good("who, n, pic = 'a red cat', 10, 'cat.png'")
    shell.run("%%wanvideo --image {{pic}} --duration {{n}}\n{{who.title()}} runs {{n * 2}} m")
    assert posted[0].prompt == "A Red Cat runs 20 m"
    assert posted[0].duration == 10


def test_in_a_function_values_come_from_its_own_variables(shell, posted):
    shell.good(
        "pic = 'no.png'\n"
        "def fly(pic):\n"
        "    %wanvideo --image {{pic}} -m wanx2.1-i2v-turbo --template flying\n"
    )
    shell.run("fly('cat.png')")
    assert posted[0].image.source == "cat.png"


# -- images ---------------------------------------------------------------------


@pytest.fixture
def jpeg():
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(out, "JPEG")
    return out.getvalue()


def test_an_image_may_be_bytes_a_picture_or_a_path(shell, posted, jpeg, folder):
    (folder / "my picture.jpg").write_bytes(jpeg)
    shell.user_ns.update(
        raw=jpeg, array=bytearray(jpeg), picture=Image.open(io.BytesIO(jpeg)), path=Path("cat.png")
    )
    for name in ("raw", "array", "picture", "path", "{{raw}}", "'my picture.jpg'", "./cat.png"):
        shell.run(f"%%wanvideo --image {name}\nA cat")
    sizes = [(request.image.width, request.image.height) for request in posted]
    assert sizes == [(400, 300)] * 3 + [(320, 320), (400, 300), (400, 300), (320, 320)]


def test_a_finished_clip_gives_its_last_frame(shell, posted, real_job):
    shell.user_ns.update(first=real_job.result(), job=real_job)
    shell.run("%%wanvideo --image first\nAnd on")
    shell.run("%%wanvideo --image job\nAnd on")
    assert [request.image.width for request in posted] == [real_job.result().width] * 2
    assert "last frame" in posted[0].image.source


def test_a_clip_that_is_not_finished_is_refused(shell, posted, real_job):
    shell.user_ns["going"] = Job(real_job.request, endpoint="local")
    cell = shell.refused("%%wanvideo --image going\nAnd on", InputError)
    assert "not finished" in cell.text
    assert not posted


def test_a_file_and_a_variable_of_the_same_name_must_be_told_apart(shell, posted, folder, jpeg):
    (folder / "cat").write_bytes(jpeg)
    shell.user_ns["cat"] = png()
    cell = shell.refused("%%wanvideo --image cat\nA cat", InputError)
    assert "{{cat}}" in cell.text
    assert "./cat" in cell.text
    shell.run("%%wanvideo --image ./cat\nA cat")
    shell.run("%%wanvideo --image {{cat}}\nA cat")
    assert [request.image.width for request in posted] == [400, 320]


def test_a_dunder_variable_of_the_shell_is_no_image_by_chance(shell, posted):
    cell = shell.refused("%%wanvideo --image catt\nA cat", InputError)
    assert "there is no variable and no file called 'catt'" in cell.text
    assert "run the cell that makes it" in cell.text


def test_the_nearest_file_is_named_where_there_is_neither_variable_nor_file(shell, posted):
    assert "did you mean 'cat.png'?" in shell.refused("%%wanvideo -i cat_png\nA", InputError).text


def test_what_was_changed_in_an_image_is_said(shell, posted, folder):
    (folder / "alpha.png").write_bytes(png(100, 200, (1, 2, 3, 0), "RGBA"))
    text = shell.run("%%wanvideo --image alpha.png\nA cat").text
    assert "note: alpha.png has transparent parts" in text
    assert "scaled to" in text


# -- settings -------------------------------------------------------------------


def test_the_magic_option_wins_over_config_over_the_environment(shell, posted, monkeypatch):
    cell = "%%wanvideo clip --image cat.png {}\nA cat"
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "http://127.0.0.1:1/api/v1")

    def endpoint(line=""):
        shell.run(cell.format(line))
        return shell.user_ns["clip"].endpoint

    assert endpoint() == "127.0.0.1:1"
    shell.good('%config WanMagics.endpoint = "http://127.0.0.1:2/api/v1"')
    assert endpoint() == "127.0.0.1:2"
    assert endpoint("--endpoint http://127.0.0.1:3/api/v1") == "127.0.0.1:3"
    shell.good('%config WanMagics.endpoint = ""')
    assert endpoint() == "127.0.0.1:1"


def test_the_model_may_be_set_once_for_all_cells(shell, posted):
    shell.good('%config WanMagics.model = "wan2.6-i2v"')
    shell.run("%%wanvideo --image cat.png\nA cat")
    shell.run("%%wanvideo --image cat.png --model wan2.2-i2v-plus\nA cat")
    assert [request.model for request in posted] == ["wan2.6-i2v", "wan2.2-i2v-plus"]


def test_the_folder_may_be_set_by_config_and_by_the_environment(shell, posted, folder, monkeypatch):
    cell = "%%wanvideo --image cat.png {}\nA cat"
    monkeypatch.setenv("WAN_MAGIC_OUT", str(folder / "from environment"))
    shell.run(cell.format(""))
    shell.good('%config WanMagics.out = "from config"')
    shell.run(cell.format(""))
    shell.run(cell.format("--out option"))
    made = {path.name for path in folder.iterdir() if path.is_dir()}
    assert made == {"from environment", "from config", "option"}


def test_the_time_limit_may_be_set_by_config(shell, posted):
    shell.good("%config WanMagics.timeout = 60")
    shell.run(CELL)
    assert shell.user_ns["clip"].timeout == 60


def test_a_model_of_config_that_does_not_fit_says_that_it_is_a_default(shell, posted):
    shell.good('%config WanMagics.model = "2.2"')  # which needs a picture, and has other lengths
    cell = shell.refused("%%wanvideo --clip https://example.com/c.mp4\nA cat", InputError)
    assert "the model 2.2 is a default: %wanvideo config says where" in cell.text


def test_config_lists_what_can_be_set(shell):
    text = shell.good("%config WanMagics").out
    for name in ("endpoint", "model", "out", "timeout"):
        assert f"WanMagics.{name}=" in text


def test_a_key_set_in_a_running_notebook_is_seen(shell, posted, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    assert "needs a key" in shell.run(CELL).text
    shell.good(f"import os; os.environ['DASHSCOPE_API_KEY'] = {KEY!r}")
    shell.run(CELL)
    assert len(posted) == 1


# -- dry run --------------------------------------------------------------------


def test_a_dry_run_shows_the_exact_request_and_its_cost_and_sends_nothing(
    shell, posted, no_server, monkeypatch
):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "beijing")
    cell = shell.good(
        f"%%wanvideo clip --image cat.png {SMALL} --seed 7 --negative 模糊 --dry-run\nA “cat”"
    )
    start, end = cell.out.index("{\n"), cell.out.rindex("\n}") + 2
    body = json.loads(cell.out[start:end])
    image = body["input"].pop("img_url")
    assert image.startswith("data:image/png;base64,…")
    assert len(image) < 80
    assert body == {
        "model": "wanx2.1-i2v-turbo",
        "input": {"prompt": "A “cat”", "negative_prompt": "模糊"},
        "parameters": {"resolution": "480P", "duration": 3, "seed": 7},
    }
    assert cell.out.startswith(
        "POST https://dashscope.aliyuncs.com/api/v1"
        "/services/aigc/video-generation/video-synthesis\n"
    )
    assert "0.72 CNY" in cell.out
    assert "nothing was sent" in cell.out
    assert not posted
    assert "clip" not in shell.user_ns
    assert not Path("wan_videos").exists()


def test_a_dry_run_shows_what_a_real_run_sends(shell, posted):
    url = "https://example.com/cat.png"
    line = f"--image {url} --seed 7 -r 480P --watermark --no-prompt-extend"
    out = shell.good(f"%%wanvideo {line} --dry-run\nA cat").out
    shell.run(f"%%wanvideo {line}\nA cat")
    assert json.loads(out[out.index("{\n") : out.rindex("\n}") + 2]) == posted[0].body()


@pytest.fixture
def heavy(folder):
    """Files that are too large for the request, or of a kind that never goes into one."""
    Image.effect_noise((2400, 2400), 255).convert("RGB").save("heavy.bmp")
    with wave.open("rain.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 8000 * 2))


def test_a_dry_run_says_which_files_are_uploaded_first(shell, posted, no_server, heavy):
    line = "--image heavy.bmp --no-fit --audio rain.wav --dry-run"
    out = shell.good(f"%%wanvideo {line}\nA cat").out
    body = json.loads(out[out.index("{\n") : out.rindex("\n}") + 2])
    assert body["input"]["audio_url"] == "oss://… (rain.wav, 64,044 bytes, uploaded first)"
    assert re.fullmatch(
        r"oss://… \(heavy\.bmp, 1\d,\d{3},\d{3} bytes, uploaded first\)", body["input"]["img_url"]
    )
    assert not posted


def test_a_dry_run_of_inputs_of_all_kinds_reads_well(shell, posted, no_server):
    web = "https://example.com/"
    line = f"-m 2.7 --ref cat.png --ref {web}voice.mp3 --ref {web}street.mp4 -r 720P --seed 7"
    out = shell.good(f"%%wanvideo {line} --endpoint beijing --dry-run\nImage 1 meets Video 1").out
    body = json.loads(out[out.index("{\n") : out.rindex("\n}") + 2])
    first, second = body["input"]["media"]
    assert first["url"].startswith("data:image/png;base64,… (")
    assert first["reference_voice"] == f"{web}voice.mp3"
    assert second == {"type": "reference_video", "url": f"{web}street.mp4"}
    assert "estimated cost: 0.60 CNY a second (how many seconds are billed is not known" in out


def test_a_dry_run_without_a_key_starts_no_server(shell, no_server):
    out = shell.good("%%wanvideo --image cat.png -r 480P -d 5 --dry-run\nA cat").out
    assert "embedded preview server" in out
    assert "free" in out
    assert "1.5" in out


def test_a_dry_run_at_a_gateway_says_that_its_price_is_unknown(shell, hosted, no_server):
    assert "price unknown" in shell.good("%%wanvideo --image cat.png --dry-run\nA cat").out


def test_a_dry_run_says_what_the_user_should_know(shell, no_server):
    out = shell.good("%%wanvideo --image cat.png --dry-run\n" + "long " * 400).out
    assert "note: the prompt has" in out
    assert "1500" in out


# -- line form ------------------------------------------------------------------


def test_an_effect_needs_no_prompt_and_so_no_cell(shell, posted):
    shell.run("%wanvideo clip --image cat.png -m wanx2.1-i2v-turbo --template flying --seed 7")
    assert posted[0].body()["input"].keys() == {"img_url", "template"}
    assert isinstance(shell.user_ns["clip"], Job)


def test_a_prompt_beside_an_effect_is_said_to_be_ignored(shell, posted):
    cell = shell.run(
        "%%wanvideo --image cat.png -m wanx2.1-i2v-turbo --template flying\nA cat flies"
    )
    assert "ignores the prompt" in cell.text


def test_a_line_without_a_prompt_says_where_it_goes(shell, posted):
    cell = shell.refused("%wanvideo clip --image cat.png", InputError)
    assert "use %%wanvideo (two %) and write the prompt on the next line" in cell.text
    assert not posted


# -- the job --------------------------------------------------------------------


def test_the_name_is_bound_before_anything_is_sent(shell, posted, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("wan_magic.jobs.runner.Runner.start", stopped)
    shell.run(CELL)
    assert "interrupted before it began" in str(shell.user_ns["clip"].exception())
    assert not posted


def test_an_interrupted_generate_tells_the_job(shell, monkeypatch):
    monkeypatch.setattr(
        "wan_magic.jobs.job.Job.result", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    call = "wan_magic.generate('A cat', image='cat.png', model='wanx2.1-i2v-turbo', duration=3)"
    cell = shell.refused(f"import wan_magic\n{call}", JobTimeout)
    assert "goes on" in cell.text


def test_the_name_is_bound_even_when_the_job_fails(shell, posted):
    cell = shell.run(CELL)
    assert not cell.ok
    job = shell.user_ns["clip"]
    assert job.state == State.FAILED
    assert isinstance(job.exception(), ApiError)
    again = shell.run("clip.result()")
    assert not again.ok
    assert "Refused" in again.text
    assert "Traceback" not in again.text


def test_a_cell_without_a_name_binds_nothing(shell, posted):
    before = {name for name in shell.user_ns if not name.startswith("_")}
    shell.run("%%wanvideo --image cat.png\nA cat")
    assert {name for name in shell.user_ns if not name.startswith("_")} == before


def test_bad_input_leaves_an_older_job_of_that_name_alone(shell, posted):
    shell.user_ns["clip"] = "older"
    shell.run("%%wanvideo clip --image cat.png -r 9P\nA cat")
    assert shell.user_ns["clip"] == "older"


def test_in_a_terminal_the_cell_waits_and_prints_the_path(shell, folder):
    cell = shell.good(f"%%wanvideo clip --image cat.png {SMALL} --seed 7\nA cat")
    clip = shell.user_ns["clip"].result()
    assert clip.path.parent == (folder / "wan_videos").resolve()
    assert clip.path.is_file()
    last = cell.out.strip().splitlines()[-1]
    assert f"wan_videos/{clip.path.name}" in last
    assert "PREVIEW" in last
    assert "seed 7" in last


def test_an_interrupt_stops_the_waiting_and_not_the_job(shell, hosted, monkeypatch):
    def interrupted(job, stream=None):
        wait_until(lambda: job.done())
        raise KeyboardInterrupt

    monkeypatch.setattr("wan_magic.notebook.terminal.follow", interrupted)
    cell = shell.refused(CELL, JobTimeout)
    job = shell.user_ns["clip"]
    assert f"job {job.id} has ended" in cell.text
    assert not job.cancel_requested
    assert not job.detach_requested


def test_an_interrupt_names_the_task_that_brings_the_clip_back(shell, real_job, monkeypatch):
    job = Job(real_job.request, endpoint="local", task_id="task-1234")
    monkeypatch.setattr("wan_magic.actions.api.start", lambda *args, **kwargs: job)

    def interrupted(job, stream=None):
        raise KeyboardInterrupt

    monkeypatch.setattr("wan_magic.notebook.terminal.follow", interrupted)
    cell = shell.refused(CELL, JobTimeout)
    assert f"%wanvideo show {job.id}" in cell.text
    assert "task task-1234" in cell.text


def test_resume_brings_a_clip_back(shell, real_job, folder):
    cell = shell.good(f"%wanvideo  resume  {real_job.task_id}  again --out 'back  again'")
    again = shell.user_ns["again"].result()
    assert again.path.parent.name == "back  again"
    assert film(again.path) == film(real_job.result().path)
    assert again.request.prompt == "A cat <runs> & jumps"
    assert again.request.model == real_job.request.model
    assert f"back  again/{again.path.name}" in cell.out


def test_resume_takes_the_id_of_a_variable(shell, real_job):
    shell.user_ns["job"] = real_job
    shell.good("%wanvideo resume {{job.task_id}} again")
    assert shell.user_ns["again"].task_id == real_job.task_id
    assert "NameError" in shell.refused("%wanvideo resume {{nothing}}", InputError).text


# -- with a front end -----------------------------------------------------------


def test_before_a_person_the_cell_returns_at_once_and_shows_a_card(watched, widgets, real_job):
    cell = watched.good(f"%%wanvideo clip --image cat.png {SMALL} --seed 7\nA cat")
    job = watched.user_ns["clip"]
    assert not job.done(), "the cell did not wait"
    card = cell.shown[0]
    assert set(card["data"]) == {WIDGET, "text/html", "text/plain"}
    job.result(timeout=60)
    wait_until(lambda: WIDGET not in watched.shown[-1]["data"])
    named = [shown for shown in watched.shown if job.task_id in shown["data"]["text/html"]]
    assert WIDGET in named[0]["data"], "the id is in the saved output while the job runs"
    assert f"%wanvideo resume {job.task_id}" in named[0]["data"]["text/html"]
    end = watched.shown[-1]
    assert end["update"]
    assert end["transient"] == card["transient"]
    assert set(end["data"]) == {"text/html", "text/plain"}
    assert '<video src="wan_videos/' in end["data"]["text/html"]


def test_before_a_person_a_failure_is_on_the_card_and_the_cell_is_done(watched, widgets, posted):
    watched.good(CELL)
    wait_until(lambda: WIDGET not in watched.shown[-1]["data"])
    assert "Refused" in watched.shown[-1]["data"]["text/html"]
    assert "FAILED" in watched.shown[-1]["data"]["text/plain"]


def test_wait_blocks_and_a_failure_fails_the_cell(watched, widgets, posted):
    cell = watched.run("%%wanvideo clip --image cat.png --wait\nA cat")
    assert not cell.ok
    assert isinstance(cell.error, ApiError)
    assert "Traceback" not in cell.text
    assert watched.user_ns["clip"].done()


def test_an_interrupted_wait_leaves_the_card_alive(watched, widgets, real_job, monkeypatch):
    job = Job(real_job.request, endpoint="local", task_id="task-1234")
    monkeypatch.setattr("wan_magic.actions.api.start", lambda *args, **kwargs: job)

    def interrupted(timeout=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "result", interrupted)
    cell = watched.refused("%%wanvideo clip --image cat.png --wait\nA cat", JobTimeout)
    assert "goes on" in cell.text
    monkeypatch.undo()
    job.finish(real_job.result(), State.DONE)
    assert "<video" in watched.shown[-1]["data"]["text/html"]


def test_the_value_of_a_cell_that_is_a_job_is_its_card(watched, widgets, real_job):
    watched.user_ns["job"] = real_job
    cell = watched.good("job")
    assert "<video" in cell.shown[-1]["data"]["text/html"]
    assert WIDGET not in cell.shown[-1]["data"]


def test_the_value_of_a_cell_that_is_a_clip_is_its_player(shell, real_job):
    clip = real_job.result()
    data, metadata = shell.ip.display_formatter.format(clip)
    assert "<video" in data["text/html"]
    assert str(clip.path) in data["text/plain"]
    assert metadata["wan_magic"]["task_id"] == clip.task_id
    assert clip.url not in json.dumps(metadata) + data["text/html"]


def test_where_nobody_watches_a_job_shown_as_a_value_is_waited_for(headless, folder):
    source = "import wan_magic; wan_magic.submit('A cat', image='cat.png', endpoint='local',"
    source += " model='wanx2.1-i2v-turbo', resolution='480P', duration=3)"
    cell = headless.good(source)
    assert "<video" in cell.shown[-1]["data"]["text/html"]
    assert all(WIDGET not in output["data"] for output in cell.shown)


def test_in_a_terminal_a_job_is_a_line_of_text(shell, real_job):
    shell.user_ns["job"] = real_job
    assert repr(real_job) in shell.good("job").out


def test_where_nobody_watches_the_cell_waits_and_holds_the_player(headless, folder):
    cell = headless.good(f"%%wanvideo clip --image cat.png {SMALL}\nA cat")
    assert headless.user_ns["clip"].done()
    first, last = cell.shown[0], cell.shown[-1]
    assert last["update"]
    assert last["transient"] == first["transient"]
    assert "<video" in last["data"]["text/html"]
    assert all(WIDGET not in output["data"] for output in cell.shown)
    assert last["metadata"]["wan_magic"]["model"] == "wanx2.1-i2v-turbo"


def test_where_nobody_watches_a_failure_is_shown_and_fails_the_cell(headless, posted):
    cell = headless.run(CELL)
    assert isinstance(cell.error, ApiError)
    assert "FAILED" in cell.shown[-1]["data"]["text/html"]
    assert "Refused" in cell.shown[-1]["data"]["text/html"]


def test_a_closed_endpoint_ends_as_a_clear_failure(headless, hosted):
    cell = headless.run(CELL)
    assert not cell.ok
    assert "cannot reach 127.0.0.1:9" in cell.text
    assert "nothing was sent" in cell.shown[-1]["data"]["text/html"]
    assert CLOSED not in cell.text
