use super::super::{Shared, session};
use crate::failure::Done;
use crate::output;

pub async fn run(shared: &Shared) -> Done {
    let core = session::open(shared, false).await?;
    let mut table = output::table(&["NAME", "ID", "PRESET", "CREATED", "KEYS", "STATE"]);
    for tenant in session::tenants(&core) {
        let state = &tenant.state;
        table.add_row(vec![
            session::name_of(&tenant).to_owned(),
            tenant.id.to_string(),
            state.preset.clone().unwrap_or_else(|| "-".to_owned()),
            state.created_at.to_rfc3339(),
            state.keys.len().to_string(),
            if state.suspended { "suspended" } else { "active" }.to_owned(),
        ]);
    }
    output::show(&table, "no tenants yet; `twofold tenant create` makes one");
    core.close().await;
    Ok(())
}
