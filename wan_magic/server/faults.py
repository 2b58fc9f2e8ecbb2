"""The service's errors: their codes and texts, as the error-code page gives them."""

from __future__ import annotations

IMAGE_SIZE = "the size of input image is too small or too large."
MEDIA_FORMAT = "The media format is not supported or incorrect for the data inspection."
MEDIA_UNREACHABLE = "Unable to download the media resource during the data inspection process."
MEDIA_TIMEOUT = "Download the media resource timed out during the data inspection process."
MEDIA_MISSING = "Failed to find the requested media resource during the data inspection process."
MEDIA_FORBIDDEN = (
    "Don't have authorization to access the media resource during the data inspection process."
)
INTERNAL = "An internal error has occurred, please try again later or contact service support."


class Fault(Exception):
    """A refusal, sent as an HTTP error or kept in a FAILED task.

    Parameters
    ----------
    code : str
        As in the service's error-code page.
    message : str
        The documented text, followed by what was wrong where that helps.
    status : int, default 400
        HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> Fault:
    """Return the commonest one, ``InvalidParameter``."""
    return Fault("InvalidParameter", message)


def specification(message: str) -> Fault:
    """Return the refusal of a value that is out of its documented range."""
    return invalid(f"the parameters must conform to the specification: {message}")


def inspection(message: str, detail: str = "") -> Fault:
    """Return the refusal of media that could not be had or read."""
    return Fault("InvalidParameter.DataInspection", f"{message} ({detail})" if detail else message)
