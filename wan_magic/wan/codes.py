"""What the API's error codes mean for the user: one table of advice.

Source: Alibaba's error-code page (2026) and the task-management page.
"""

from __future__ import annotations


def time_may_cure(status: int) -> bool:
    """Whether an HTTP answer to a *query* may be better later; the paid call is another matter."""
    return status >= 500 or status in (408, 425, 429)


_BILLING = "settle the account's billing in the console; trying again does not help"
_MODERATION = (
    "change the prompt or the image: the service found them unfit, and refuses them again unchanged"
)
_SERVICE = "the service failed; run the cell again in a minute"
_MEDIA = (
    "check that the address opens without a login and is a picture, sound or video;"
    " a local file avoids the download"
)
_FILE = "give another file, or change this one: the message says what is wrong with it"

_KEY = "check {variable}, and that key and --endpoint are of one region"

# First match wins: (prefix of the code, part of the message, advice).
_ADVICE = (
    ("InvalidApiKey", "", _KEY),
    ("NOT AUTHORIZED", "", "this key may not use this workspace: take a key of the same workspace"),
    ("AccessDenied.Unpurchased", "", "activate Model Studio for this account in the console"),
    (
        "AllocationQuota.FreeTierOnly",
        "",
        "the free quota is used up; allow paid use in the console",
    ),
    ("Arrearage", "", _BILLING),
    ("CommodityNotPurchased", "", _BILLING),
    ("PrepaidBillOverdue", "", _BILLING),
    ("PostpaidBillOverdue", "", _BILLING),
    ("DataInspectionFailed", "", _MODERATION),
    ("IPInfringementSuspect", "", _MODERATION),
    ("InvalidParameter.DataInspection", "", _MEDIA),
    ("invalid_parameter_error", "URL", _MEDIA),
    ("InvalidURL", "longer than", _FILE),
    ("InvalidURL", "", _MEDIA),
    ("InvalidImage", "", _FILE),
    ("InvalidParameter", "url error", "this endpoint does not serve this model on this path"),
    (
        "InvalidParameter",
        "Model not exist",
        "this endpoint has no such model; --model takes another",
    ),
    ("InvalidParameter", "Failed to download", _MEDIA),
    ("InvalidParameter", "size of input image", _FILE),
    ("InvalidParameter", "", "change the value that the message names"),
    ("ModelNotFound", "", "this endpoint has no such model; --model takes another"),
    ("UnsupportedOperation", "", "only a task that still waits (PENDING) can be cancelled"),
    ("Throttling", "", "the account's rate limit is reached; wait a minute and run the cell again"),
    ("AccessDenied", "", "this key may not use this model; check its rights in the console"),
    (
        "Endpoint.AccessDenied",
        "",
        "this key may not use this endpoint; check its rights in the console",
    ),
    ("Model.AccessDenied", "", "this key may not use this model; check its rights in the console"),
    ("Workspace", "", "this key may not use this workspace; check its rights in the console"),
    ("RewriteFailed", "", "the prompt could not be rewritten; --no-prompt-extend keeps it as is"),
    ("InvalidFile", "", _FILE),
    ("BadRequest.InputDownloadFailed", "", _MEDIA),
    ("BadRequest.UnsupportedFileFormat", "", _FILE),
    ("BadRequest.TooLarge", "", "the request is too large: use a smaller image, or its URL"),
    ("BadRequest", "", "change the value that the message names"),
    ("WorkSpaceNotFound", "", "check the rights of this key's workspace in the console"),
    ("CustomRoleBlocked", "", _MODERATION),
    ("InternalError", "", _SERVICE),
    ("SystemError", "", _SERVICE),
    ("ModelServiceFailed", "", _SERVICE),
    ("RequestTimeOut", "", _SERVICE),
    ("ServiceUnavailable", "", _SERVICE),
    ("ModelUnavailable", "", _SERVICE),
)

_BY_STATUS = {
    400: "change the value that the message names",
    401: _KEY,
    403: "this key may not do this; check its rights in the console",
    404: "the endpoint has no such path: check --endpoint, which ends in /api/v1",
    413: "the request is too large: use a smaller image, or its URL",
    429: "the account's rate limit is reached; wait a minute and run the cell again",
}
_NOT_KNOWN = "look the code up in the provider's documents"
_NO_CODE = "run the cell again; if that fails, too, change the prompt or what is given beside it"


def advice(
    code: str,
    message: str = "",
    status: int = 0,
    *,
    endpoint: str = "",
    variable: str = "DASHSCOPE_API_KEY",
) -> str:
    """Return what the user can do about an error of the API.

    Parameters
    ----------
    code, message, status
        As the API sent them.
    endpoint : str, optional
        Which endpoint was asked: an unknown key is most often a key of another region.
    variable : str
        Where the key came from.

    Examples
    --------
    >>> advice("Arrearage")
    "settle the account's billing in the console; trying again does not help"
    """
    text = _SERVICE if status >= 500 else _BY_STATUS.get(status, _NOT_KNOWN if code else _NO_CODE)
    for prefix, part, told in _ADVICE:
        if code.startswith(prefix) and part in message:
            text = told
            break
    if text is _KEY:
        asked = f"; a key belongs to one region, and {endpoint} was asked" if endpoint else ""
        return _KEY.format(variable=variable) + asked
    return text
