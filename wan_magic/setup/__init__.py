"""Getting ready: a key asked for and kept, and what is wrong with an installation."""
