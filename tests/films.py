"""A clip's file without what wan_magic put behind it."""


def film(path):
    """Return the file as the service made it; behind that stands a box that says how."""
    data = path.read_bytes()
    return data[: data.rindex(b"uuid") - 4]
