"""What a clip shows: one small class for each kind of task, and a chooser.

`stage` says what all of them share; `choose` reads the roles of a task's inputs.
"""
