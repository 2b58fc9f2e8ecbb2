"""One server for the whole session; special ones are made where they are needed."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import math
import struct
import threading
import time
import wave
from contextlib import ExitStack

import av
import pytest
import requests
from PIL import Image, ImageDraw

from wan_magic.server import Server, ServerOptions

TOKEN = "test-token-0123456789"
CREATE = "/services/aigc/video-generation/video-synthesis"
IMAGE2VIDEO = "/services/aigc/image2video/video-synthesis"


def picture(width=320, height=320, kind="PNG", mode="RGB"):
    image = Image.new("RGB", (width, height), (40, 90, 160))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.3, height * 0.3, width * 0.7, height * 0.7), fill=(250, 180, 60))
    draw.line((0, 0, width, height), fill=(255, 255, 255), width=3)
    out = io.BytesIO()
    image.convert(mode).save(out, kind)
    return out.getvalue()


def data_uri(data, media_type="image/png"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def tone(seconds, rate=16000):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        loud = (int(12000 * math.sin(i * 0.17)) for i in range(int(seconds * rate)))
        file.writeframes(b"".join(struct.pack("<h", value) for value in loud))
    return out.getvalue()


@functools.cache
def mp3(seconds):
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=16000, layout="mono")
        for _ in range(int(seconds * 16000 / 1152) + 1):
            frame = av.AudioFrame(format="s16p", layout="mono", samples=1152)
            frame.sample_rate = 16000
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


@functools.cache
def film(seconds=3, width=480, height=360, fps=16, kind="mp4"):
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as file:
        stream = file.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        for number in range(round(seconds * fps)):
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


class Clip:
    """What is inside an MP4."""

    def __init__(self, data):
        with av.open(io.BytesIO(data), "r") as file:
            video = file.streams.video[0]
            self.size = (video.width, video.height)
            self.fps = video.average_rate
            self.codec = video.codec_context.name
            self.seconds = file.duration / 1e6
            self.has_sound = bool(file.streams.audio)
            self.sound_codec = file.streams.audio[0].codec_context.name if self.has_sound else ""
            self.pictures = sum(1 for p in file.demux(video) if p.size)
        self.faststart = data.index(b"moov") < data.index(b"mdat")


def loudness(data):
    """Return RMS in dBFS of each tenth of a second."""
    samples = []
    with av.open(io.BytesIO(data), "r") as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                raw = bytes(part.planes[0])[: part.samples * 2]
                samples += struct.unpack(f"<{part.samples}h", raw)
    levels = []
    for at in range(0, len(samples) - 799, 800):
        power = sum(v * v for v in samples[at : at + 800]) / 800
        levels.append(10 * math.log10(max(power, 1e-9) / 32768**2))
    return levels


class Caller:
    """The plainest client of one server."""

    def __init__(self, server, key=TOKEN):
        self.server = server
        self.base = server.base_url
        self.key = key
        self.session = requests.Session()
        self.session.trust_env = False

    def headers(self, **more):
        return {"Authorization": f"Bearer {self.key}", "X-DashScope-Async": "enable", **more}

    def post(self, path, **more):
        more.setdefault("headers", self.headers())
        return self.session.post(self.base + path, timeout=30, **more)

    def get(self, path, **more):
        more.setdefault("headers", self.headers())
        return self.session.get(self.base + path, timeout=30, **more)

    def send(self, model, inputs, parameters=None, path=CREATE, **headers):
        body = {"model": model, "input": inputs, "parameters": parameters or {}}
        return self.post(path, json=body, headers=self.headers(**headers))

    def make(self, *args, **more):
        """Send a raw body and return the finished task's answer."""
        answer = self.send(*args, **more)
        assert answer.status_code == 200, answer.text
        return self.finish(answer.json()["output"]["task_id"])

    def create(self, model="wanx2.1-i2v-turbo", image=None, raw=False, parameters=None, **inputs):
        body = {"model": model, "input": {"img_url": image or data_uri(picture()), **inputs}}
        if parameters is not None:
            body["parameters"] = parameters
        answer = self.post(CREATE, json=body)
        if raw:
            return answer
        assert answer.status_code == 200, answer.text
        return answer.json()["output"]["task_id"]

    def query(self, task_id):
        answer = self.get(f"/tasks/{task_id}")
        assert answer.status_code == 200
        return answer.json()

    def until(self, task_id, *states, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            body = self.query(task_id)
            if body["output"]["task_status"] in states:
                return body
            assert body["output"]["task_status"] in ("PENDING", "RUNNING"), body
            time.sleep(0.02)
        raise AssertionError(f"{task_id} was never {states}")

    def finish(self, task_id):
        return self.until(task_id, "SUCCEEDED", "FAILED")

    def video(self, **wish):
        body = self.finish(self.create(**wish))
        assert body["output"]["task_status"] == "SUCCEEDED", body
        return self.session.get(body["output"]["video_url"], timeout=30).content


class Gate:
    """An engine that writes a few bytes when it is told to."""

    def __init__(self):
        self.open = threading.Event()
        self.started = threading.Event()
        self.specs = []

    def __call__(self, spec, path, *, should_stop):
        from wan_magic.server.engines import Stopped

        self.specs.append(spec)
        self.started.set()
        while not self.open.wait(0.01):
            if should_stop():
                raise Stopped
        path.write_bytes(bytes(range(256)) * 40)


class Clock:
    def __init__(self, now=1_760_000_000.25):
        self.now = now

    def __call__(self):
        return self.now


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.path)
        self.server.agents.append(self.headers["User-Agent"])
        if self.path == "/ok":
            self.answer(200, picture(), {})
        elif self.path in self.server.files:
            self.answer(200, self.server.files[self.path], {})
        elif self.path == "/away":
            self.answer(302, b"", {"Location": "/ok"})
        elif self.path == "/file":
            self.answer(302, b"", {"Location": "file:///etc/hostname"})
        elif self.path == "/loop":
            self.answer(302, b"", {"Location": "/loop"})
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        else:
            self.answer(int(self.path[1:]), b"", {})

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def shelf():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen, server.agents = [], []
    server.files = {
        "/image.png": picture(1000, 750),
        "/tall.jpg": picture(750, 1000, "JPEG"),
        "/wide.png": picture(960, 540),
        "/film-1.mp4": film(1),
        "/film-3.mp4": film(3),
        "/film-4.mp4": film(4, 640, 360),
        "/film-8.mp4": film(8),
        "/slow.mp4": film(3, fps=8),
        "/film.avi": film(3, kind="avi"),
        "/sound.wav": tone(4),
        "/sound.mp3": mp3(4),
        "/wrong.mp3": tone(4),
        "/paper.pdf": b"%PDF-1.4 and so on",
        "/paper.exe": b"MZ",
    }
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def server():
    with Server(ServerOptions(token=TOKEN)) as running:
        yield running


@pytest.fixture
def caller(server):
    return Caller(server)


@pytest.fixture
def serve():
    """Start a server with other options; it is stopped after the test."""
    with ExitStack() as stack:

        def start(**options):
            options.setdefault("token", TOKEN)
            return Caller(stack.enter_context(Server(ServerOptions(**options))))

        yield start


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open.set()
