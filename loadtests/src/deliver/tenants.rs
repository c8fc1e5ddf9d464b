//! Tenants whose channels lead to the simulator, and their users.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use twofold_domain::Channel;

use super::door::Door;
use crate::providers::{Character, Setup, Simulator};

/// How a tenant's codes go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// SMTP.
    Mail,
    /// Twilio's Messages resource.
    Twilio,
    /// The plain interface.
    Http,
}

/// What a tenant is to be like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) way: Way,
    pub(super) character: Character,
}

/// A tenant that was made.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    /// Its number, which is also that of its provider.
    pub(super) number: usize,
    pub(super) wanted: Wanted,
    /// With all scopes, for real users.
    pub(super) key: String,
}

/// Providers for these tenants.
pub(super) async fn simulator(wanted: &[Wanted], seed: u64) -> Result<Simulator> {
    Simulator::start(Setup::plain(wanted.iter().map(|w| w.character.profile()).collect(), seed)).await
}

/// Makes the tenants over the API, as an operator does.
pub(super) async fn make(
    door: &mut Door,
    operator: &str,
    simulator: &Simulator,
    wanted: &[Wanted],
    code_life_s: u64,
) -> Result<Vec<Tenant>> {
    let mut made = Vec::new();
    for (number, wanted) in wanted.iter().enumerate() {
        let post = json!({ "name": format!("t{number}"), "create_keys": true, "settings": settings(code_life_s) });
        let answer = door.must(operator, "POST", "/v1/operator/tenants", &post.to_string()).await?;
        let key = answer["keys"]["live"]["key"].as_str().context("a key")?.to_owned();
        let (channel, config) = match wanted.way {
            Way::Mail => ("email", simulator.email_channel(number)),
            Way::Twilio => ("sms", simulator.twilio_channel(number)),
            Way::Http => ("sms", simulator.http_channel(number)),
        };
        door.must(&key, "PUT", &format!("/v1/channels/{channel}"), &config.to_string()).await?;
        made.push(Tenant { number, wanted: *wanted, key });
    }
    Ok(made)
}

fn settings(code_life_s: u64) -> Value {
    json!({
        "methods": { "allowed": ["email", "sms"], "max_active": 2 },
        "notices": { "enabled": false },
        "codes": { "ttl_secs": code_life_s, "resend_after_secs": 10 },
        // Nobody types these codes in: falling conversion would stop the numbers, as it should.
        "delivery": { "conversion_floor_percent": 0 },
        "sms": { "countries": ["DE"] },
    })
}

impl Tenant {
    /// By which channel.
    pub(super) fn channel(&self) -> Channel {
        match self.wanted.way {
            Way::Mail => Channel::Email,
            Way::Twilio | Way::Http => Channel::Sms,
        }
    }

    /// A user's path.
    pub(super) fn path(user: usize) -> String {
        format!("/v1/users/u{user}")
    }

    /// A user's address or number: no two users of all tenants have the same.
    pub(super) fn recipient(&self, user: usize) -> String {
        match self.channel() {
            Channel::Email => format!("u{user}@t{}.example", self.number),
            // A German mobile number; users are numbered through over all tenants.
            Channel::Sms => format!("+49151{user:08}"),
        }
    }

    /// What tells the program about a user.
    pub(super) fn profile(&self, user: usize) -> String {
        let field = match self.channel() {
            Channel::Email => "email",
            Channel::Sms => "phone",
        };
        json!({ field: self.recipient(user) }).to_string()
    }

    /// What asks for a code.
    pub(super) fn enrolment(&self) -> String {
        json!({ "method": self.channel().name(), "reauth": { "confirmed": true } }).to_string()
    }
}
