"""Generate video from a notebook cell."""
