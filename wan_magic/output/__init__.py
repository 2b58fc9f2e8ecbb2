"""How a finished job looks as static HTML that is saved in a notebook. Standard library only."""
