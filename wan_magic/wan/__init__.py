"""What the Wan API is. Pure: no threads, no notebook, no files but the inputs it reads."""
