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
TOO_FAST = "Requests rate limit exceeded, please try again later."
MODES_CLASH = (
    "The two modes are mutually exclusive. "
    "Do not pass reference_xx and first_frame/last_frame at the same time."
)
BAD_REQUEST = "Required parameter(s) missing or invalid, please check the request parameters."
BAD_BODY = "Required body invalid, please check the request body format."
SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
BAD_URL = "url error, please check url!"


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


def required(field: str) -> Fault:
    """Return the refusal of a call that lacks a field, such as ``input.media``."""
    return invalid(f"Field required: {field}")


def specification(message: str) -> Fault:
    """Return the refusal of a value that is out of its documented range."""
    return invalid(f"the parameters must conform to the specification: {message}")


def inspection(message: str, detail: str = "") -> Fault:
    """Return the refusal of media that could not be had or read."""
    return Fault("InvalidParameter.DataInspection", f"{message} ({detail})" if detail else message)


def too_fast() -> Fault:
    """Return the refusal of a call over the rate limit."""
    return Fault("Throttling.RateQuota", TOO_FAST, status=429)


# Codes whose text or status is worth knowing when one is asked for by name.
_BY_CODE = {
    "Arrearage": (400, "Access denied, please make sure your account is in good standing."),
    "DataInspectionFailed": (400, "Input or output data may contain inappropriate content."),
    "IPInfringementSuspect": (
        400,
        "Input data is suspected of being involved in IP infringement.",
    ),
    "InvalidApiKey": (401, "Invalid API-key provided."),
    "AllocationQuota.FreeTierOnly": (403, "The free tier of the model has been exhausted."),
    "Workspace.AccessDenied": (403, "Workspace access denied."),
    "ModelNotFound": (404, "Model can not be found."),
    "Throttling": (429, "Requests throttling triggered."),
    "Throttling.RateQuota": (429, TOO_FAST),
    "Throttling.BurstRate": (429, "Request rate increased too quickly."),
    "Throttling.AllocationQuota": (429, "Allocated quota exceeded."),
}
_STATUS_BY_START = (
    (("Throttling", "CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"), 429),
    (("InternalError", "SystemError", "ModelServiceFailed", "RequestTimeOut", "Rewrite"), 500),
    (("ServiceUnavailable", "ModelUnavailable"), 503),
    (("AccessDenied", "Model.AccessDenied", "Endpoint.AccessDenied"), 403),
    (("NOT AUTHORIZED",), 401),
    (("WorkSpaceNotFound", "NotFound"), 404),
    (("Conflict",), 409),
)


def by_code(code: str) -> Fault:
    """Return the fault with a code of the error-code page, with its text and status."""
    if code in _BY_CODE:
        status, message = _BY_CODE[code]
        return Fault(code, message, status=status)
    status = next((number for starts, number in _STATUS_BY_START if code.startswith(starts)), 400)
    return Fault(code, INTERNAL if status == 500 else BAD_REQUEST, status=status)
