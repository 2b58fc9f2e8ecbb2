"""Whether the other side of a connection has hung up."""

import selectors


def has_hung_up(connection, seconds):
    """Wait so long at most for it; whatever else it says counts, too."""
    with selectors.DefaultSelector() as waiting:  # select() knows the first 1,024 files only
        waiting.register(connection, selectors.EVENT_READ)
        return bool(waiting.select(seconds))
