-- An index over every commit's subject costs a page at random for each commit. Each commit names its predecessor, so only
-- the last one of each subject has to be found: docs/decisions/0019-ends-of-subjects.md.

DROP INDEX log_subject_chain;

-- The last commit of each subject, of all commits up to `heads_upto`; it may know of later ones. The log is the truth: this is
-- made from it when the log is opened.
CREATE TABLE heads (
    -- The first 16 bytes of the SHA-256 of the subject.
    subject BLOB    PRIMARY KEY CHECK (length(subject) = 16),
    seq     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE heads_upto (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;

INSERT INTO heads_upto (one, seq) VALUES (1, 0);

-- One commit in 64, by a multiplicative hash of its position: from these a long subject is read forwards in portions.
CREATE INDEX log_steps ON log (subject, seq) WHERE (seq & 16777215) * 10368889 & 16777215 < 262144;
