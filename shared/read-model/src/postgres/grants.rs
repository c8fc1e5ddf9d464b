//! Rights of the roles that are not the owner.

use super::PostgresOptions;

/// Statements that give two roles what they need, for the owner of the tables to run after `migrate`; they may be run
/// again. A rebuild carries the rights over to the new tables.
///
/// `role_api` may read; the policies show it one tenant at a time, and it cannot lift that. `role_project` may also
/// write, and so, by the same policies, see all tenants. Neither may change or drop a table. The roles must exist, and
/// must be neither superusers nor `BYPASSRLS`, whom no policy stops.
pub fn postgres_grants(options: &PostgresOptions, role_api: &str, role_project: &str) -> Vec<String> {
    let schema = options.schema.as_str();
    let (api, project) = (quoted(role_api), quoted(role_project));
    vec![
        format!("GRANT USAGE ON SCHEMA {schema} TO {api}, {project}"),
        format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {api}, {project}"),
        format!("GRANT INSERT, UPDATE, DELETE ON {} TO {project}", tables(schema)),
    ]
}

/// All but the list of migrations.
fn tables(schema: &str) -> String {
    let names = [
        "checkpoint",
        "tenants",
        "users",
        "deliveries",
        "delivery_attempts",
        "delivery_usage",
        "suppressions",
        "audit",
        "audit_hours",
    ];
    names.map(|name| format!("{schema}.{name}")).join(", ")
}

fn quoted(role: &str) -> String {
    format!("\"{}\"", role.replace('"', "\"\""))
}
