"""A job with a fake clock, a fake API and a fake storage host."""

from __future__ import annotations

import io

import av
import pytest
from job_fakes import LINK, POLICY, Clock, Drive, FakeClient, FakeStorage, task
from PIL import Image

from wan_magic.jobs.job import Job
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest


@pytest.fixture(scope="session")
def video():
    """The bytes of a small real clip: 64×48, half a second, silent."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as box:
        stream = box.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(5):
            image = Image.new("RGB", (64, 48), (200, 40 * shade, 90))
            for packet in stream.encode(av.VideoFrame.from_image(image)):
                box.mux(packet)
        for packet in stream.encode():
            box.mux(packet)
    return out.getvalue()


@pytest.fixture
def drive(tmp_path, video):
    """Make a `Drive`; by default everything goes well."""
    number = 0

    def make(
        *,
        creates=None,
        queries=None,
        cancels=None,
        policies=None,
        lists=None,
        ledger=None,
        posts=None,
        storage=None,
        folder=None,
        request=None,
        endpoint=None,
        job=None,
        **about,
    ):
        nonlocal number
        number += 1
        if folder is None:
            folder = tmp_path / f"out{number}"
            folder.mkdir()
        clock = Clock()
        request = request or VideoRequest(prompt="A cat, running", resolution="480P", seed=7)
        if job is None:
            known = {"endpoint": "beijing", "prices": PriceList("beijing"), "clock": clock}
            job = Job(request, **known | about)
        else:
            job.clock, job.started = clock, clock()
        client = FakeClient(
            creates or [task("PENDING", request_id="r-create")],
            queries or [task("PENDING"), task("RUNNING"), task("SUCCEEDED", video_url=LINK)],
            cancels or [None],
            policies or [POLICY],
            # Its own key, and so its own uploads, unless a test wants jobs to share them.
            endpoint or Endpoint("fake", "https://api.example/api/v1", f"{tmp_path}-{number}"),
            lists or (),
        )
        host = FakeStorage(storage or [video], posts or [b""])
        return Drive(folder, clock, job, client, host, ledger)

    return make
