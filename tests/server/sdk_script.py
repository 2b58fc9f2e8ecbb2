"""What a user of the official SDK does, in one script that runs with any version of it.

Arguments: base URL, key, folder of local files, address of the same files on the web.
Prints the finished tasks as JSON.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from pathlib import Path

import dashscope
from dashscope import VideoSynthesis

base, key, folder, web = sys.argv[1:]
dashscope.base_http_api_url = base
dashscope.api_key = key


def local(name):
    return Path(folder, name).as_uri()


calls = {
    "t2v": {"model": "wan2.6-t2v", "prompt": "p", "size": "1280*720", "duration": 2},
    "t2v with a sound": {
        "model": "wan2.5-t2v-preview",
        "prompt": "p",
        "audio_url": local("sound.wav"),
        "size": "832*480",
    },
    "i2v": {
        "model": "wan2.6-i2v-flash",
        "prompt": "p",
        "img_url": local("image.png"),
        "resolution": "720P",
        "duration": 2,
        "audio": False,
    },
    "i2v by path": {
        "model": "wanx2.1-i2v-turbo",
        "img_url": str(Path(folder, "image.png")),
        "resolution": "480P",
        "duration": 3,
    },
    "kf2v": {
        "model": "wan2.2-kf2v-flash",
        "first_frame_url": local("image.png"),
        "last_frame_url": local("tall.jpg"),
        "resolution": "480P",
    },
    "r2v, videos only": {
        "model": "wan2.6-r2v",
        "prompt": "p",
        "reference_video_urls": [local("film-3.mp4")],
        "size": "1280*720",
        "duration": 2,
    },
    "r2v": {
        "model": "wan2.6-r2v-flash",
        "prompt": "p",
        "reference_urls": [local("film-3.mp4"), local("image.png")],
        "size": "1280*720",
        "duration": 2,
    },
    "2.7 i2v": {
        "model": "wan2.7-i2v",
        "prompt": "p",
        "media": [{"type": "first_frame", "url": local("image.png")}],
        "resolution": "720P",
        "duration": 2,
    },
    "2.7 r2v": {
        "model": "wan2.7-r2v",
        "prompt": "p",
        "media": [
            {
                "type": "reference_image",
                "url": local("image.png"),
                "reference_voice": local("sound.mp3"),
            },
            {"type": "reference_video", "url": web + "/film-3.mp4"},
        ],
        "resolution": "720P",
        "duration": 2,
    },
    "2.7 edit": {
        "model": "wan2.7-videoedit",
        "prompt": "p",
        "media": [{"type": "video", "url": local("film-3.mp4")}],
        "resolution": "720P",
    },
    "3.0": {
        "model": "wan3.0-video",
        "prompt": "p",
        "media": [
            {"type": "reference_image", "url": local("image.png")},
            {"type": "link", "url": "https://example.com/"},
        ],
        "resolution": "480P",
        "duration": 2,
    },
    # What no version has a parameter for.
    "s2v": {
        "model": "wan2.2-s2v",
        "task": "image2video",
        "extra_input": {"image_url": web + "/image.png", "audio_url": web + "/sound.wav"},
    },
    "vace": {
        "model": "wanx2.1-vace-plus",
        "prompt": "p",
        "extra_input": {
            "function": "image_reference",
            "ref_images_url": [web + "/image.png"],
        },
    },
}
known = inspect.signature(VideoSynthesis.async_call).parameters
calls = {
    name: call
    for name, call in calls.items()
    if not {"media", "reference_urls"} & set(call) - set(known)
}
made = {name: VideoSynthesis.async_call(**call) for name, call in calls.items()}
time.sleep(0.5)
done = {}
for name, answer in made.items():
    if answer.status_code != 200:
        done[name] = {"status": answer.code, "message": answer.message}
        continue
    end = VideoSynthesis.wait(answer)
    results = end.output.get("results") or {}
    done[name] = {
        "status": end.output.task_status,
        "message": end.output.get("message"),
        "url": end.output.get("video_url") or results.get("video_url"),
        "usage": dict(end.usage or {}),
    }
# Two of these run at a time: the third waits, and can be cancelled.
held = [
    VideoSynthesis.async_call(model="wan2.2-t2v-plus", prompt="hold", size="832*480")
    for _ in range(3)
]
cancelled = VideoSynthesis.cancel(held[2])
first = made["t2v"]
listed = VideoSynthesis.list(model_name="wan2.6-t2v", status="SUCCEEDED")
seen = {
    "version": dashscope.version.__version__,
    "done": done,
    "fetched": VideoSynthesis.fetch(first).output.task_status,
    "listed": [row["task_id"] for row in listed.output["data"]] == [first.output.task_id],
    "refused": VideoSynthesis.cancel(first).code,
    "cancelled": [cancelled.status_code, VideoSynthesis.fetch(held[2]).output.task_status],
}
json.dump(seen, sys.stdout)
