use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::super::{Shared, document, session};
use crate::failure::{Context as _, Done, Failure};
use crate::output;

/// Show a tenant's effective settings, or change some of them; a wrong value changes nothing
#[derive(Debug, Args)]
pub struct SettingsArgs {
    /// Name or id
    name: String,
    /// Change one setting, such as totp.digits=8 or methods.allowed=["totp","email"]; null takes it back to the default
    #[arg(long = "set", value_name = "KEY=VALUE")]
    changes: Vec<String>,
    /// Change what a TOML or JSON file says, and nothing else (JSON: RFC 7396, null removes)
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
}

pub async fn run(shared: &Shared, args: SettingsArgs) -> Done {
    let mut patch = match &args.patch {
        Some(path) => document::read(path)?,
        None => serde_json::json!({}),
    };
    for change in &args.changes {
        lay_over(&mut patch, &one_change(change)?);
    }
    let core = session::open(shared, false).await?;
    let tenant = session::tenant(&core, &args.name)?;
    if args.changes.is_empty() && args.patch.is_none() {
        output::json(&serde_json::to_value(&*tenant.state.settings).unwrap_or(Value::Null));
    } else {
        let changed = core.engine.patch_settings(&tenant.id, patch, &session::context()).await;
        let position = changed.context("nothing was changed")?;
        output::line(format!("{}: settings are in force from position {position} on", session::name_of(&tenant)));
    }
    core.close().await;
    Ok(())
}

/// `a.b=c` as `{"a": {"b": c}}`; what is no JSON is a text.
fn one_change(text: &str) -> Result<Value, Failure> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| Failure::Usage(format!("--set {text}: write KEY=VALUE, such as totp.digits=8")))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok(key.trim().rsplit('.').fold(value, |inner, name| {
        let mut object = serde_json::Map::new();
        object.insert(name.to_owned(), inner);
        Value::Object(object)
    }))
}

/// Two patches as one: a null of the later one stays a null.
fn lay_over(patch: &mut Value, change: &Value) {
    match (patch, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, value) in changes {
                lay_over(members.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (place, value) => {
            let mut kept = Value::Object(serde_json::Map::new());
            if value.is_object() {
                lay_over(&mut kept, value);
            } else {
                kept.clone_from(value);
            }
            *place = kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_become_one_patch() {
        let mut patch = json!({ "totp": { "digits": 6 } });
        for change in
            ["totp.digits=8", "totp.issuer=My Panel", "methods.allowed=[\"totp\"]", "grace_days=null", "brand=null"]
        {
            lay_over(&mut patch, &one_change(change).expect(change));
        }
        let wanted = json!({ "totp": { "digits": 8, "issuer": "My Panel" }, "methods": { "allowed": ["totp"] }, "grace_days": null, "brand": null });
        assert_eq!(patch, wanted);
        assert!(matches!(one_change("totp"), Err(Failure::Usage(_))));
    }
}
