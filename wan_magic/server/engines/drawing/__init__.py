"""Pictures drawn from words: themes, shapes, places, and what flies in the air."""
