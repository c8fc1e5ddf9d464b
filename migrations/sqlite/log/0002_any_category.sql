-- Categories come to number 4 (suppressed destinations), and may go on. A check cannot be changed in place, so the rows move
-- once into a table with a wider one; all in the transaction of the migration.

DROP TRIGGER log_no_update;
DROP TRIGGER log_no_delete;
DROP TRIGGER log_next_seq;
DROP INDEX log_subject_chain;
DROP INDEX log_category;
ALTER TABLE log RENAME TO log_before;

CREATE TABLE log (
    -- Position in the whole log: 1, 2, 3, ... without gaps, chosen by the writer inside its transaction.
    seq       INTEGER PRIMARY KEY,
    subject   TEXT    NOT NULL,
    -- The subject's commit before this one; 0 for its first. Never NULL: NULLs are distinct in a unique index.
    prev_seq  INTEGER NOT NULL CHECK (prev_seq >= 0 AND prev_seq < seq),
    commit_id TEXT    NOT NULL,
    -- 0 user, 1 config, 2 delivery, 3 ledger, 4 suppression; derived from the subject.
    category  INTEGER NOT NULL CHECK (category >= 0),
    payload   BLOB    NOT NULL
) STRICT;

INSERT INTO log (seq, subject, prev_seq, commit_id, category, payload)
SELECT seq, subject, prev_seq, commit_id, category, payload FROM log_before ORDER BY seq;

DROP TABLE log_before;

-- As in 0001, which says why.
CREATE UNIQUE INDEX log_subject_chain ON log (subject, prev_seq);
CREATE INDEX log_category ON log (category, seq) WHERE category <> 0;

CREATE TRIGGER log_no_update BEFORE UPDATE ON log
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;

CREATE TRIGGER log_no_delete BEFORE DELETE ON log
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only');
END;

CREATE TRIGGER log_next_seq BEFORE INSERT ON log
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM log)
BEGIN
    SELECT RAISE(ROLLBACK, 'the event log only grows at its end');
END;
