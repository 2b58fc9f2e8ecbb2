"""The API's calls: create, query, list, cancel, upload policy, portrait check.

Source of paths, headers and shapes: Alibaba's image-to-video API reference,
task-management page and temporary-storage page, 2025 to 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import catalog
from wan_magic.wan.answers import Task, TaskState, read_task
from wan_magic.wan.connection import Connection
from wan_magic.wan.endpoints import QUERY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_magic.wan.request import VideoRequest

__all__ = ["Task", "TaskList", "TaskState", "WanClient"]


class TaskList(list[dict[str, Any]]):
    """One page of the account's tasks.

    Parameters
    ----------
    rows : iterable of dict
        The tasks.
    pages : int
        How many pages there are; 0 where the answer does not say so.
    total : int or None
        How many tasks there are on all pages; None where the answer has not the documented shape.
    """

    def __init__(
        self, rows: Iterable[dict[str, Any]] = (), pages: int = 0, total: int | None = None
    ) -> None:
        super().__init__(rows)
        self.pages = pages
        self.total = total


class WanClient(Connection):
    """Talks to one endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Where, and with which key.
    session : requests.Session, optional
        The seam for tests. By default billed calls have connections of their own, since one
        that lay idle may break just then; the others share those of the account.

    Raises
    ------
    ApiError
        From every call, when the API answers with an error.
    ConnectionFailed
        From every call, when no usable answer comes.

    Examples
    --------
    >>> client = WanClient(endpoint)  # doctest: +SKIP
    >>> client.query(client.create(request).task_id).state  # doctest: +SKIP
    'queued'
    """

    def __repr__(self) -> str:
        return f"WanClient({self.endpoint.name!r})"

    def create(self, request: VideoRequest) -> Task:
        """Submit a request. This is the call that costs money: it is sent once."""
        headers = {"X-DashScope-Async": "enable"}
        if request.uses_oss:  # only then may it be sent: temporary-storage page, 2025-10
            headers["X-DashScope-OssResourceResolve"] = "enable"
        path = self.endpoint.create_path or request.row.path
        answer = self._call("POST", path, json=request.body(), headers=headers, billed=True)
        task = read_task(answer, self.endpoint.status)
        if task.task_id:
            return task
        if task.code:  # some gateways refuse with HTTP 200
            raise self._api_error(200, {**answer, "code": task.code, "message": task.message}, "")
        raise ConnectionFailed(
            f"{self.endpoint.name} accepted the request but named no task", maybe_accepted=True
        )

    def query(self, task_id: str) -> Task:
        """Ask for a task's state."""
        path = self.endpoint.query_path.replace("{task_id}", quote(task_id, safe=""))
        return read_task(self._call("GET", path), self.endpoint.status, task_id)

    def cancel(self, task_id: str) -> None:
        """Cancel a task that still waits; the API refuses any other."""
        template = self.endpoint.query_path
        path = QUERY_PATH if "?" in template else template
        self._call("POST", path.replace("{task_id}", quote(task_id, safe="")) + "/cancel")

    def list_tasks(self, **filters: str | int) -> TaskList:
        """List the account's tasks of the last 24 hours, one page.

        Parameters
        ----------
        **filters
            ``task_id``, ``page_no``, ``page_size``, ``model_name``, ``status``, ``start_time``,
            ``end_time`` (``YYYYMMDDhhmmss``).

        Raises
        ------
        ApiError, ConnectionFailed
            If the answer is anything but a list: that is not to be taken for an empty one.
        """
        answer = self._call("GET", "/tasks/", params=filters)
        output = answer.get("output")
        inner = output if isinstance(output, dict) else {}
        for said in (answer, inner):
            if said.get("code"):  # some gateways refuse with HTTP 200
                raise self._api_error(200, {**answer, **said}, "")
        found = answer if "data" in answer else inner
        data = found.get("data")
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise ConnectionFailed(f"{self.endpoint.name} answered the list call with no list")
        total, pages, page = (_count(found.get(n)) for n in ("total", "total_page", "page_no"))
        is_documented = found is answer and (pages is not None or page is not None)
        return TaskList(data, pages or 0, total if is_documented else None)

    def list_page(self, **filters: str | int) -> tuple[list[dict[str, Any]], int]:
        """Return one page as `list_tasks` does, and how many pages there are.

        The second is 0 where the answer does not say so.
        """
        rows = self.list_tasks(**filters)
        return rows, rows.pages

    def upload_policy(self, model: str) -> dict[str, Any]:
        """Return a signed permission to upload files for a model.

        Parameters
        ----------
        model : str
            The files can be used with this model alone, and with this key's account.

        Returns
        -------
        dict
            ``data`` of the answer; secret, and good for about five minutes.
        """
        params = {"action": "getPolicy", "model": model}
        base = self.endpoint.upload_base or self.endpoint.base_url
        try:
            answer = self._call("GET", "/uploads", base=base, params=params)
        except ApiError as exc:
            if exc.status in (404, 405):
                exc.hint = (
                    "this endpoint takes no uploads: give the file's http(s) URL, or name the"
                    " upload host as uploads in the config file"
                )
            raise
        data = answer.get("data")
        if isinstance(data, dict):
            return data
        if answer.get("code"):  # some gateways refuse with HTTP 200
            raise self._api_error(200, answer, "")
        raise ConnectionFailed(f"{self.endpoint.name} gave no permission to upload")

    def check_portrait(self, image_url: str) -> dict[str, Any]:
        """Ask whether a picture is fit for a talking head. Billed per picture, fit or not.

        Parameters
        ----------
        image_url : str
            ``https://`` or ``oss://``.

        Returns
        -------
        dict
            ``output`` of the answer: ``check_pass``, ``humanoid``, and ``code`` and
            ``message`` where it is not fit (wan2.2-s2v-detect reference, 2026).
        """
        headers = {"X-DashScope-OssResourceResolve": "enable"}
        answer = self._call(
            "POST",
            catalog.PORTRAIT_CHECK_PATH,
            json={"model": catalog.PORTRAIT_CHECK, "input": {"image_url": image_url}},
            headers=headers if image_url.startswith("oss://") else {},
            billed=True,
        )
        output = answer.get("output")
        if isinstance(output, dict):
            return output
        if answer.get("code"):
            raise self._api_error(200, answer, "")
        raise ConnectionFailed(
            f"{self.endpoint.name} answered the portrait check with nothing", maybe_accepted=True
        )


def _count(value: Any) -> int | None:
    """Return a number of things; None for anything else."""
    is_one = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_one else None
