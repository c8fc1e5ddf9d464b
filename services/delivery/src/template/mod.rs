//! What messages say: built-in texts in English and German, a tenant's own in their place, and a small, safe language
//! for both.

mod catalogue;
mod check;
mod html;
mod kind;
mod overrides;
mod render;
pub(crate) mod sandbox;
mod vars;

pub use self::catalogue::BUILT_IN_LOCALES;
pub use self::kind::MessageKind;
pub use self::overrides::{Locale, LocaleError, TemplateOverride, TemplateOverrides};
pub(crate) use self::render::{Mail, render_mail, render_sms};
pub use self::render::{Rendered, preview, render};
pub use self::sandbox::TemplateError;
pub use self::vars::Vars;
