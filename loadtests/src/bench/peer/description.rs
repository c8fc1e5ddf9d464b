//! What a peer's script says about what it started.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use twofold_crypto::totp;

use crate::client::Target;

/// One line of JSON. `{name}` stands for the member of a user, `{code}` for the code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How it is set up, a sentence each.
    pub setup: Vec<String>,
    /// Where it answers; clients are shared out over them.
    pub urls: Vec<String>,
    /// Connections that put it under full load.
    pub clients: usize,
    /// What asks whether a code is right.
    pub request: Request,
    /// What it says of a right code,
    pub right: Expected,
    /// of a wrong one,
    pub wrong: Expected,
    /// and of one that was spent.
    pub replay: Expected,
    /// Its processes, whose children count as well.
    pub pids: Vec<u32>,
    /// By name; each has a `secret` in base32.
    pub users: Vec<BTreeMap<String, String>>,
}

/// A request with placeholders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Of HTTP.
    pub method: String,
    /// Begins with a slash.
    pub path: String,
    /// By name.
    pub headers: BTreeMap<String, String>,
    /// JSON.
    pub body: String,
}

/// An answer that is expected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Of HTTP.
    pub status: u16,
    /// What the body holds.
    pub holds: String,
}

impl Expected {
    /// Whether an answer is this one.
    pub fn is_met(&self, status: u16, body: &[u8]) -> bool {
        status == self.status && body.windows(self.holds.len()).any(|window| window == self.holds.as_bytes())
    }
}

/// A user's request, ready but for the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key of the codes.
    pub secret: Vec<u8>,
    /// The path.
    pub path: String,
    /// Headers, each ended by CR LF.
    pub headers: String,
    /// The body, where `{code}` stands for the code.
    pub body: String,
}

impl Description {
    /// Reads what a script printed.
    ///
    /// # Errors
    /// Not such a line, no user, no address, or one of another machine.
    pub fn parse(line: &str) -> Result<Self> {
        let read: Self = serde_json::from_str(line).context("the script's description")?;
        ensure!(
            !read.users.is_empty() && !read.urls.is_empty() && read.clients > 0,
            "nobody to ask, or nobody who asks"
        );
        ensure!(!read.right.holds.is_empty() && !read.wrong.holds.is_empty(), "answers are told by what they hold");
        read.authorities()?;
        Ok(read)
    }

    /// The addresses, as `host:port`.
    ///
    /// # Errors
    /// An address of another machine.
    pub fn authorities(&self) -> Result<Vec<String>> {
        self.urls.iter().map(|url| Ok(Target::parse(url, "")?.authority)).collect()
    }

    /// The requests of all users.
    ///
    /// # Errors
    /// A user without a secret, or a placeholder nothing stands for.
    pub fn members(&self) -> Result<Vec<Member>> {
        let line = |(name, value): (&String, &String)| [name, ": ", value, "\r\n"].concat();
        let headers = self.request.headers.iter().map(line).collect::<Vec<String>>().concat();
        self.users.iter().map(|user| member(&self.request, &headers, user)).collect()
    }
}

fn member(request: &Request, headers: &str, user: &BTreeMap<String, String>) -> Result<Member> {
    let secret = user.get("secret").context("a user without a secret")?;
    let member = Member {
        secret: totp::parse_base32(secret)?.to_vec(),
        path: filled(&request.path, user)?,
        headers: filled(headers, user)?,
        body: filled(&request.body, user)?,
    };
    ensure!(member.body.contains("{code}"), "the code is not in the body");
    Ok(member)
}

/// Puts in what a user is called; `{code}`, and braces with anything but a name in them, stay.
fn filled(template: &str, user: &BTreeMap<String, String>) -> Result<String> {
    let (mut text, mut rest) = (String::with_capacity(template.len()), template);
    while let Some(start) = rest.find('{') {
        let after = &rest[start + 1..];
        let name = &after[..after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len())];
        text.push_str(&rest[..start]);
        if name.is_empty() || name == "code" || !after[name.len()..].starts_with('}') {
            text.push('{');
            rest = after;
            continue;
        }
        match user.get(name) {
            Some(value) => text.push_str(value),
            None => bail!("nothing stands for {{{name}}}"),
        }
        rest = &after[name.len() + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"name":"P","version":"1","setup":[],"urls":["http://127.0.0.1:1"],"clients":2,"pids":[7],
        "request":{"method":"POST","path":"/c/{user}","headers":{"Cookie":"{cookie}"},"body":"{\"code\":\"{code}\"}"},
        "right":{"status":200,"holds":"true"},"wrong":{"status":200,"holds":"false"},
        "replay":{"status":400,"holds":"used"},"users":[{"user":"u1","cookie":"a=b","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}]}"#;

    #[test]
    fn a_script_tells_all_that_a_request_of_each_user_needs() {
        let read = Description::parse(LINE).expect("described");
        assert_eq!(read.authorities().expect("local"), ["127.0.0.1:1"]);
        let member = Member {
            secret: b"12345678901234567890".to_vec(),
            path: "/c/u1".to_owned(),
            headers: "Cookie: a=b\r\n".to_owned(),
            body: r#"{"code":"{code}"}"#.to_owned(),
        };
        assert_eq!(read.members().expect("users"), [member]);
        assert!(read.replay.is_met(400, b"code already used") && !read.replay.is_met(200, b"used"));
    }

    #[test]
    fn what_cannot_be_asked_is_refused_before_the_load() {
        for (from, to) in [
            ("127.0.0.1:1", "192.0.2.1:1"),
            (r#""clients":2"#, r#""clients":0"#),
            (r#""holds":"true""#, r#""holds":"""#),
            (r#""setup":[]"#, r#""set_up":[]"#),
        ] {
            assert!(Description::parse(&LINE.replace(from, to)).is_err(), "{to}");
        }
        for (from, to) in [("{user}", "{name}"), ("GEZDGNBV", "1!1!1!1!"), ("{code}", "{user}")] {
            assert!(Description::parse(&LINE.replace(from, to)).expect("read").members().is_err(), "{to}");
        }
    }
}
