-- The audit of one user as a chain through the audit's own key: the user's row knows his newest commit, each of his commits
-- the one before. An index by user had every verification write a page of its own, at random.
--
-- No index may have either column: a verification writes both.
--
-- The rows of older versions lack them: they go, the checkpoint with them, and the projector folds the log again by itself.
TRUNCATE checkpoint, tenants, users, deliveries, delivery_attempts, delivery_usage, suppressions, audit, audit_hours;

DROP INDEX audit_user;

-- Newest commit with audit rows about him, his own or one about a message to him; 0: none.
ALTER TABLE users ADD COLUMN audit_seq BIGINT NOT NULL DEFAULT 0;
-- On a commit's first row about a user: the commit before it with rows about him; 0: none. NULL on its other rows.
ALTER TABLE audit ADD COLUMN user_prev BIGINT;
