//! What texts are filled with.

use std::fmt;

use minijinja::{Value, context};
use twofold_domain::time::Timestamp;

use crate::transport::line::{is_host_name, one_line};

/// Longest values, in characters; longer ones are cut.
const BRAND_MAX: usize = 64;
const USER_MAX: usize = 64;
const IP_MAX: usize = 45;

/// The values of one message. `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Vars {
    /// The code; ASCII letters, digits and hyphens. For codes only.
    pub code: Option<String>,
    /// How long the code works, in minutes.
    pub minutes: u32,
    /// The provider's name.
    pub brand: String,
    /// What the panel calls the user.
    pub user: Option<String>,
    /// Where the request came from.
    pub ip: Option<String>,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// The panel's domain, for the last line of a text message that lets browsers fill in the code (`@domain #code`).
    pub webotp_domain: Option<String>,
}

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vars(…)")
    }
}

impl Vars {
    /// The values as a template sees them: each one line and bounded, so no text needs to fear them (C27).
    pub(super) fn values(&self) -> Value {
        let line = |text: Option<&str>, max| one_line(text.unwrap_or_default(), max);
        context! {
            code => self.clean_code(),
            minutes => self.minutes,
            brand => one_line(&self.brand, BRAND_MAX),
            user => line(self.user.as_deref(), USER_MAX),
            ip => line(self.ip.as_deref(), IP_MAX),
            at => self.at.map(minute).unwrap_or_default(),
        }
    }

    /// The code with nothing in it but what codes are made of.
    pub(super) fn clean_code(&self) -> String {
        let code = self.code.as_deref().unwrap_or_default();
        code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect()
    }

    /// The last line for `WebOTP`, if there is a proper domain.
    pub(super) fn webotp_line(&self) -> Option<String> {
        let domain = self.webotp_domain.as_deref().filter(|d| is_host_name(d))?;
        self.code.as_ref().map(|_| format!("@{domain} #{}", self.clean_code()))
    }

    /// Values to try texts out with.
    pub(crate) fn sample() -> Self {
        Self {
            code: Some("123456".to_owned()),
            minutes: 5,
            brand: "Example Hosting".to_owned(),
            user: Some("ada@example.org".to_owned()),
            ip: Some("192.0.2.7".to_owned()),
            at: Some(Timestamp(1_795_290_000_000)),
            webotp_domain: None,
        }
    }

    /// The longest values there can be, of the character that grows most when escaped: what fits now fits always.
    pub(super) fn longest_sample() -> Self {
        Self {
            code: Some("0123456789".to_owned()),
            minutes: 999,
            brand: "\"".repeat(BRAND_MAX),
            user: Some("\"".repeat(USER_MAX)),
            ip: Some("\"".repeat(IP_MAX)),
            ..Self::sample()
        }
    }

    /// The same with everything that may be missing missing.
    pub(super) fn sparse_sample() -> Self {
        Self { user: None, ip: None, at: None, ..Self::sample() }
    }
}

/// `2026-11-21 19:40 UTC`.
fn minute(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    text.get(..16).map_or_else(String::new, |minute| format!("{} UTC", minute.replace('T', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_single_bounded_lines() {
        let vars = Vars {
            code: Some("12\r\n34<b>56".to_owned()),
            brand: "A\r\nBcc: x\0\u{2028}y".to_owned(),
            user: Some("u".repeat(1000)),
            webotp_domain: Some("panel.example\n@evil.example".to_owned()),
            ..Vars::sample()
        };
        let values = vars.values();
        assert_eq!(values.get_attr("code").expect("code").to_string(), "1234b56");
        assert_eq!(values.get_attr("brand").expect("brand").to_string(), "A Bcc: x y");
        assert_eq!(values.get_attr("user").expect("user").to_string().len(), 64);
        assert_eq!(values.get_attr("at").expect("at").to_string(), "2026-11-21 19:40 UTC");
        assert_eq!(vars.webotp_line(), None);
        assert_eq!(format!("{vars:?}"), "Vars(…)");
    }
}
