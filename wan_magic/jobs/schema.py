"""The ledger's tables, and how an older ledger becomes one of today's.

A change of the tables is one more entry at the end of `MIGRATIONS`, and never an edit of one
that was released: ``PRAGMA user_version`` counts how many of them a file has seen.
"""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id           TEXT PRIMARY KEY,
        created      REAL NOT NULL,               -- all times: seconds since 1970
        sent         REAL,                        -- a paid call was made; its answer may be lost
        accepted     REAL,                        -- the server named a task
        made         REAL,                        -- the task was seen to have succeeded
        ended        REAL,
        state        TEXT NOT NULL,
        open         INTEGER NOT NULL DEFAULT 1,  -- there may be something to fetch
        resumed      INTEGER NOT NULL DEFAULT 0,  -- taken over from a process that had ended
        lost         INTEGER NOT NULL DEFAULT 0,  -- closed, and nobody knows how its task ended
        forgotten    INTEGER NOT NULL DEFAULT 0,  -- only its amounts are left, and count
        owner        TEXT NOT NULL DEFAULT '',    -- the process that takes care of it
        fingerprint  TEXT NOT NULL DEFAULT '',    -- of everything that decides the clip
        place        TEXT NOT NULL DEFAULT '',    -- where equal requests make the same clip
        account      TEXT NOT NULL DEFAULT '',    -- digest of base URL and key
        endpoint     TEXT NOT NULL,
        base_url     TEXT NOT NULL,
        workspace    TEXT NOT NULL DEFAULT '',
        preview      INTEGER NOT NULL DEFAULT 0,
        model        TEXT NOT NULL,
        tier         TEXT NOT NULL DEFAULT '',    -- resolution, or mode
        seconds      REAL,
        prompt       TEXT NOT NULL DEFAULT '',
        seed         INTEGER,
        request      TEXT NOT NULL DEFAULT '{}',  -- JSON; inputs by name and SHA-256
        notes        TEXT NOT NULL DEFAULT '[]',  -- JSON
        notebook     TEXT NOT NULL DEFAULT '',
        cell         TEXT NOT NULL DEFAULT '',
        folder       TEXT NOT NULL DEFAULT '',
        task_id      TEXT NOT NULL DEFAULT '',
        request_id   TEXT NOT NULL DEFAULT '',    -- of the create call
        currency     TEXT NOT NULL DEFAULT '',
        estimate     TEXT,                        -- decimal; NULL where unknown
        cost         TEXT,                        -- decimal, as billed; NULL until known
        usage        TEXT NOT NULL DEFAULT '{}',  -- JSON, as the server said it
        actual_prompt TEXT NOT NULL DEFAULT '',
        path         TEXT NOT NULL DEFAULT '',
        bytes        INTEGER,
        sha256       TEXT NOT NULL DEFAULT '',
        video        TEXT NOT NULL DEFAULT '{}',  -- JSON: width, height, duration, fps, has_audio
        took         REAL,
        error        TEXT NOT NULL DEFAULT '',
        hint         TEXT NOT NULL DEFAULT '',
        code         TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint, created);
    CREATE INDEX jobs_by_time ON jobs (created);
    CREATE INDEX jobs_by_notebook ON jobs (notebook, created);
    CREATE INDEX jobs_by_path ON jobs (path) WHERE path != '';
    CREATE INDEX jobs_open ON jobs (open) WHERE open;
    CREATE UNIQUE INDEX jobs_by_task ON jobs (account, task_id)
        WHERE task_id != '' AND NOT forgotten;
    CREATE TABLE events (
        job     TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        at      REAL NOT NULL,
        state   TEXT NOT NULL,
        message TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX events_by_job ON events (job, at);
    """,
)
