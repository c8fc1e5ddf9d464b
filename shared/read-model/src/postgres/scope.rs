//! Transactions and whose rows they see: what the policies in the schema go by.

use crate::relational::Scope;

/// Begins a transaction that reads in a scope. The names are those of the policies.
pub(super) fn begin_reading(scope: Scope<'_>) -> String {
    let setting = match scope {
        // A tenant's id is letters and digits, nothing that would have to be quoted twice.
        Scope::Tenant(tenant) => format!("; SET LOCAL twofold.tenant = '{}'", tenant.as_str()),
        Scope::Everything => format!("; {ALL}"),
        Scope::Nobody => String::new(),
    };
    format!("BEGIN READ ONLY{setting}")
}

/// Begins a transaction that goes on seeing what its first query sees, of all tenants.
pub(super) const BEGIN_SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL twofold.scope = 'all'";

/// All tenants, for roles that may write the checkpoint.
const ALL: &str = "SET LOCAL twofold.scope = 'all'";

/// Whether no policy stops this role.
pub(super) const IGNORES_POLICIES: &str =
    "SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user";

/// Whether this role may see all tenants. To one that may not, the tables would look empty.
pub(super) const MAY_SEE_ALL: &str = "SELECT has_table_privilege('checkpoint', 'UPDATE')";
