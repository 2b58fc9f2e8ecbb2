"""Temporary storage of inputs: policies, objects, who may use them and for how long.

Source: the page about temporary file URLs (2025-10).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wan_magic.server import faults
from wan_magic.server.faults import inspection
from wan_magic.wan.catalog import MB, MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.options import ServerOptions

POLICY_SECONDS = 300
LIFE_SECONDS = 48 * 3600.0
_ACL, _FORBID = "private", "true"
_KEY_MAX = 1023
_PLACES_MAX = 10_000


class StorageError(Exception):
    """A refusal of the storage itself, which speaks XML."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def _denied(reason: str) -> StorageError:
    return StorageError(403, "AccessDenied", f"Invalid according to Policy: {reason}")


@dataclass(frozen=True)
class _Place:
    """A folder that a policy opens."""

    model: str
    owner: str


@dataclass(frozen=True)
class _Object:
    path: Path
    place: _Place
    size: int
    stored: float


class Uploads:
    """The storage of one server.

    Parameters
    ----------
    folder : Path
        Where the files go; removed with the server.
    options : ServerOptions
        Clock and largest total size.
    """

    def __init__(self, folder: Path, options: ServerOptions) -> None:
        self._folder = folder
        self._options = options
        self._secret = secrets.token_bytes(32)
        self._key_id = f"LTAI{secrets.token_hex(8)}"
        self._places: dict[str, _Place] = {}
        self._objects: dict[str, _Object] = {}
        self._arriving: dict[Path, int] = {}
        self._lock = threading.Lock()

    def policy(self, model: str, owner: str, host: str) -> dict[str, Any]:
        """Return the ``data`` of a policy answer.

        Parameters
        ----------
        model : str
            What the files are for.
        owner : str
            Name of the caller's key.
        host : str
            Where to post the form.
        """
        now = self._options.clock()
        when = datetime.fromtimestamp(now, UTC)
        mark = hashlib.sha256(owner.encode()).hexdigest()[:32]
        place = f"dashscope-instant/{mark}/{when:%Y-%m-%d}/{uuid.uuid4()}"
        most = max_megabytes(model)
        expires = datetime.fromtimestamp(now + POLICY_SECONDS, UTC)
        policy = {
            "expiration": expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "conditions": [
                ["content-length-range", 0, most * MB],
                ["starts-with", "$key", place + "/"],
                {"x-oss-object-acl": _ACL},
                {"x-oss-forbid-overwrite": _FORBID},
            ],
        }
        text = base64.b64encode(json.dumps(policy).encode()).decode()
        with self._lock:
            self._places[place] = _Place(model, owner)
            while len(self._places) > _PLACES_MAX:
                del self._places[next(iter(self._places))]
        return {
            "policy": text,
            "signature": self._sign(text),
            "upload_dir": place,
            "upload_host": host,
            "expire_in_seconds": POLICY_SECONDS,
            "max_file_size_mb": most,
            "capacity_limit_mb": max(self._options.max_upload_bytes // MB, 1),
            "oss_access_key_id": self._key_id,
            "x_oss_object_acl": _ACL,
            "x_oss_forbid_overwrite": _FORBID,
        }

    def _sign(self, policy: str) -> str:
        digest = hmac.digest(self._secret, policy.encode(errors="replace"), hashlib.sha1)
        return base64.b64encode(digest).decode()

    def admit(self, fields: dict[str, str], file_name: str) -> tuple[str, Path, int]:
        """Check a form's fields; return the key, the file to write and its largest size.

        Raises
        ------
        StorageError
            For a field that is missing or that the policy does not allow.
        """
        for name in ("OSSAccessKeyId", "policy", "Signature", "key"):
            if not fields.get(name):
                raise StorageError(
                    400,
                    "InvalidArgument",
                    f"Bucket POST must contain a field named '{name}'. If it is specified, "
                    "please check the order of the fields.",
                )
        if fields["OSSAccessKeyId"] != self._key_id:
            text = "The OSS Access Key Id you provided does not exist in our records."
            raise StorageError(403, "InvalidAccessKeyId", text)
        good = self._sign(fields["policy"]).encode()
        if not hmac.compare_digest(good, fields["Signature"].encode(errors="replace")):
            raise StorageError(403, "SignatureDoesNotMatch", faults.SIGNATURE)
        try:
            policy = json.loads(base64.b64decode(fields["policy"], validate=True))
        except (binascii.Error, ValueError):  # signed by us, so never seen
            raise StorageError(400, "InvalidPolicyDocument", "Invalid Policy.") from None
        if self._options.clock() > datetime.fromisoformat(policy["expiration"]).timestamp():
            raise _denied("Policy expired.")
        key = fields["key"].replace("${filename}", file_name)
        limit = _check_conditions(policy["conditions"], fields, key)
        if len(key.encode(errors="replace")) > _KEY_MAX:
            text = "The specified object is not valid."
            raise StorageError(400, "InvalidObjectName", text)
        with self._lock:
            if key in self._objects or self._place(key) is None:
                text = "The object you specified already exists and can not be overwritten."
                raise StorageError(409, "FileAlreadyExists", text)
        self._folder.mkdir(exist_ok=True)
        # The file's own name on disk is ours: no key leads out of the folder.
        return key, self._folder / uuid.uuid4().hex, limit

    def _place(self, key: str) -> _Place | None:
        return self._places.get(key.rpartition("/")[0])

    def arrive(self, path: Path, size: int) -> None:
        """Count a file that is on its way: the oldest make room for it as it grows.

        Raises
        ------
        StorageError
            When the files on their way have no room even so.
        """
        with self._lock:
            self._arriving[path] = size
            self._sweep()
            if sum(self._arriving.values()) > self._options.max_upload_bytes:
                text = "Your proposed upload exceeds the room that the storage has."
                raise StorageError(400, "EntityTooLarge", text)

    def leave(self, path: Path) -> None:
        """Forget a file that was on its way."""
        with self._lock:
            self._arriving.pop(path, None)

    def keep(self, key: str, path: Path, size: int) -> None:
        """Take a finished file into the storage; the oldest make room."""
        with self._lock:
            self._arriving.pop(path, None)
            place = self._place(key)
            if key in self._objects or place is None:
                path.unlink(missing_ok=True)
                text = "The object you specified already exists and can not be overwritten."
                raise StorageError(409, "FileAlreadyExists", text)
            self._objects[key] = _Object(path, place, size, self._options.clock())
            self._sweep()

    def find(self, url: str, model: str, owner: str) -> Path:
        """Return the file behind an ``oss://`` URL.

        Raises
        ------
        Fault
            When it is not there (any more), or was uploaded for another model or with
            another key.
        """
        with self._lock:
            self._sweep()
            found = self._objects.get(url[len("oss://") :])
        if found is None:
            raise inspection(faults.MEDIA_MISSING)
        if found.place != _Place(model, owner):
            raise inspection(faults.MEDIA_FORBIDDEN)
        return found.path

    def _sweep(self) -> None:
        old = self._options.clock() - LIFE_SECONDS
        total = sum(self._arriving.values()) + sum(one.size for one in self._objects.values())
        for key, one in list(self._objects.items()):
            if one.stored < old or total > self._options.max_upload_bytes:
                total -= one.size
                del self._objects[key]
                with contextlib.suppress(OSError):
                    one.path.unlink(missing_ok=True)


def max_megabytes(model: str) -> int:
    """Return the largest file that may be uploaded for a model."""
    row = MODELS.get(model)
    sizes = [slot.limits.max_bytes or 0 for slot in row.inputs] if row else []
    return max([100 * MB, *sizes]) // MB


def _check_conditions(conditions: list[Any], fields: dict[str, str], key: str) -> int:
    limit = 0
    for condition in conditions:
        if isinstance(condition, dict):
            ((name, wanted),) = condition.items()
            if fields.get(name) != wanted:
                raise _denied(f'Policy Condition failed: ["eq", "${name}", "{wanted}"]')
        elif condition[0] == "starts-with":
            start = condition[2]
            if not key.startswith(start) or len(key) == len(start) or "/" in key[len(start) :]:
                raise _denied(f'Policy Condition failed: ["starts-with", "$key", "{start}"]')
        else:
            limit = int(condition[2])
    return limit
