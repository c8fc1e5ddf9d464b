//! Settings: defaults, then the file, then the environment, then flags; the later the stronger.
//!
//! Whatever is wrong is told with file, line and key, and with what is accepted instead.

mod broker;
mod check;
mod environment;
mod file;
mod known;
mod layer;
mod origin;
mod problem;
mod settings;
mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::{Config, ConfigError};

use self::environment::Environment;
use self::known::KNOWN;
use self::layer::Layer;
use self::origin::Origin;

pub use self::problem::{Problem, Problems};
pub use self::settings::{PostgresSection, Settings};

/// What the command line says of the settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<String>,
    /// `--channels`
    pub channels: Vec<String>,
    /// `--concurrency`
    pub concurrency: Option<u16>,
    /// `--allow-unsafe-log`
    pub allow_unsafe_log: bool,
}

/// The settings with the origin of each.
#[derive(Debug)]
pub struct Effective {
    /// The settings.
    pub settings: Settings,
    merged: Config,
    origins: BTreeMap<String, Origin>,
}

impl Effective {
    /// Whether nobody said anything about a setting.
    pub fn is_default(&self, key: &str) -> bool {
        self.origin(key).is_none_or(|origin| origin == Origin::Default)
    }

    /// Where a setting comes from; of a section, where its first setting does.
    fn origin(&self, key: &str) -> Option<Origin> {
        origin_in(&self.origins, key)
    }
}

/// Reads the settings of this process.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load(flags: &Flags) -> Result<Effective, Problems> {
    let file = file::read(flags.config.as_deref())?;
    let environment = environment::read(
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )?;
    merge(file, environment, flags)
}

fn merge(file: Layer, environment: Environment, flags: &Flags) -> Result<Effective, Problems> {
    let layers = [defaults()?, file, environment.layer, of_flags(flags)];
    let mut origins: BTreeMap<String, Origin> = layers.iter().flat_map(Layer::origins).collect();
    let (origin, master_key) = environment.master_key.unzip();
    origins.extend(origin.map(|origin| (known::MASTER_KEY.to_owned(), origin)));
    let mut builder = Config::builder();
    for layer in layers {
        builder = builder.add_source(layer);
    }
    let merged = builder.build().map_err(|error| translate(&origins, &error))?;
    let mut settings: Settings = merged.clone().try_deserialize().map_err(|error| translate(&origins, &error))?;
    settings.master_key = master_key;
    let found = Effective { settings, merged, origins };
    check::check(&found)?;
    Ok(found)
}

fn defaults() -> Result<Layer, Problems> {
    let mut layer = Layer::default();
    for known in KNOWN.iter().filter(|known| !known.default.is_empty()) {
        let parsed = file::parse("built-in", &format!("{} = {}", known.key, known.default))?;
        layer.append(parsed, &Origin::Default);
    }
    Ok(layer)
}

fn of_flags(flags: &Flags) -> Layer {
    let mut layer = Layer::default();
    if let Some(path) = &flags.data_dir {
        layer.set("data_dir", Origin::Flag("--data-dir"), path.display().to_string());
    }
    if let Some(listen) = &flags.listen {
        layer.set("listen", Origin::Flag("--listen"), listen.clone());
    }
    if !flags.channels.is_empty() {
        layer.set("delivery.channels", Origin::Flag("--channels"), flags.channels.clone());
    }
    if let Some(concurrency) = flags.concurrency {
        layer.set("delivery.concurrency", Origin::Flag("--concurrency"), i64::from(concurrency));
    }
    if flags.allow_unsafe_log {
        layer.set("nats.allow_unsafe", Origin::Flag("--allow-unsafe-log"), true);
    }
    layer
}

fn origin_in(origins: &BTreeMap<String, Origin>, key: &str) -> Option<Origin> {
    let under = |known: &str| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    origins.get(key).or_else(|| origins.iter().find(|(known, _)| under(known)).map(|(_, origin)| origin)).cloned()
}

/// The library's error in our words: it knows the key, we know the line and what is accepted.
fn translate(origins: &BTreeMap<String, Origin>, error: &ConfigError) -> Problems {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the library may add kinds; each has a text")]
    match error {
        ConfigError::Type { key: Some(key), unexpected, .. } => {
            let key = setting_of(key);
            Problem::wrong(origin_in(origins, key), key, Some(&unexpected.to_string())).into()
        }
        ConfigError::At { key: Some(key), error, .. } => {
            let key = setting_of(key);
            let origin = origin_in(origins, key);
            match known::known(key) {
                Some(known) if !known::is_section(key) => {
                    let text = if known.secret {
                        format!("must be {}", known.accepts)
                    } else {
                        format!("must be {}; {error}", known.accepts)
                    };
                    Problem { origin, key: key.to_owned(), text }.into()
                }
                Some(_) | None => Problem { origin, key: key.to_owned(), text: error.to_string() }.into(),
            }
        }
        ConfigError::NotFound(key) => {
            let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
            let accepts = known::known(key).map_or("a value", |known| known.accepts);
            let text = format!("is missing; it must be {accepts}");
            Problem { origin: origin_in(origins, parent), key: key.clone(), text }.into()
        }
        other => Problem { origin: None, key: String::new(), text: other.to_string() }.into(),
    }
}

/// Without the place inside a list.
fn setting_of(key: &str) -> &str {
    key.split('[').next().unwrap_or(key)
}
