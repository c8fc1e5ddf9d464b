-- The event log. One row is one commit; rows are only ever added.

CREATE TABLE log (
    -- Position in the whole log: 1, 2, 3, ... without gaps, chosen by the writer inside its transaction.
    seq       INTEGER PRIMARY KEY,
    subject   TEXT    NOT NULL,
    -- The subject's commit before this one; 0 for its first. Never NULL: NULLs are distinct in a unique index.
    prev_seq  INTEGER NOT NULL CHECK (prev_seq >= 0 AND prev_seq < seq),
    commit_id TEXT    NOT NULL,
    -- 0 user, 1 config, 2 delivery, 3 ledger; derived from the subject.
    category  INTEGER NOT NULL CHECK (category BETWEEN 0 AND 3),
    payload   BLOB    NOT NULL
) STRICT;

-- A subject cannot fork: only one commit may follow any given one. The rowid at the end of every entry makes this
-- also the covering index for "last of subject" and the ordered index for reading one subject.
CREATE UNIQUE INDEX log_subject_chain ON log (subject, prev_seq);

-- User commits are nearly everything and are read as part of the whole log; only the rest needs an index.
CREATE INDEX log_category ON log (category, seq) WHERE category <> 0;

CREATE TRIGGER log_no_update BEFORE UPDATE ON log
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;

CREATE TRIGGER log_no_delete BEFORE DELETE ON log
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;

-- INSERT OR REPLACE removes the old row without firing a delete trigger; this also keeps positions free of gaps.
CREATE TRIGGER log_next_seq BEFORE INSERT ON log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM log)
BEGIN
    SELECT RAISE(ROLLBACK, 'the event log only grows at its end');
END;
