"""What a user does: submit, look up, resume, cancel, sweep, go on from a clip."""
