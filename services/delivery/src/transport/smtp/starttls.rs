//! The part of a conversation before `STARTTLS`, spoken by hand.
//!
//! The mail library keeps bytes a server (or somebody in between) sent in clear after its answer to `STARTTLS` and reads
//! them as if they had come through TLS (response injection, as in CVE-2011-0411). Here such bytes end the connection.

use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::transport::outcome::SendError;

/// Longest reply in clear, in bytes.
const REPLY_MAX: usize = 8 * 1024;

struct Reply {
    code: u16,
    text: String,
}

/// Speaks up to the server's readiness for TLS.
///
/// # Errors
/// `Misconfigured` when the server offers no `STARTTLS` or says more than it should: never on without TLS.
pub(super) async fn ask_for_tls(stream: &mut TcpStream, hello: &ClientId) -> Result<(), SendError> {
    expect(&read_reply(stream).await?, 220, "greeting_refused")?;
    let offered = ask(stream, &format!("EHLO {hello}\r\n")).await?;
    expect(&offered, 250, "hello_refused")?;
    let offers = |line: &str| line.get(4..).is_some_and(|rest| rest.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered.text.lines().any(offers) {
        return Err(SendError::misconfigured("starttls_not_offered"));
    }
    expect(&ask(stream, "STARTTLS\r\n").await?, 220, "starttls_refused")
}

fn expect(reply: &Reply, code: u16, reason: &'static str) -> Result<(), SendError> {
    if reply.code == code {
        return Ok(());
    }
    let error =
        if (400..500).contains(&reply.code) { SendError::temporary(reason) } else { SendError::misconfigured(reason) };
    Err(error.with_code(&reply.code.to_string()))
}

async fn ask(stream: &mut TcpStream, command: &str) -> Result<Reply, SendError> {
    stream.write_all(command.as_bytes()).await.map_err(|_| SendError::temporary("connection_cut"))?;
    read_reply(stream).await
}

/// One whole reply and not a byte more.
async fn read_reply(stream: &mut TcpStream) -> Result<Reply, SendError> {
    let mut seen = Vec::new();
    loop {
        let mut chunk = [0_u8; 1024];
        let got = stream.read(&mut chunk).await.map_err(|_| SendError::temporary("connection_cut"))?;
        seen.extend_from_slice(chunk.get(..got).unwrap_or_default());
        if got == 0 || seen.len() > REPLY_MAX {
            return Err(SendError::temporary(if got == 0 { "connection_cut" } else { "reply_too_long" }));
        }
        if let Some(end) = reply_end(&seen)? {
            if end != seen.len() {
                return Err(SendError::misconfigured("text_before_tls"));
            }
            let text = String::from_utf8_lossy(&seen).into_owned();
            let code = text.get(..3).and_then(|c| c.parse().ok()).unwrap_or(0);
            return Ok(Reply { code, text });
        }
    }
}

/// Where the reply's last line ends, once it has come: three digits and no hyphen after them.
fn reply_end(seen: &[u8]) -> Result<Option<usize>, SendError> {
    let mut start = 0;
    while let Some(length) = seen.get(start..).and_then(|rest| rest.iter().position(|b| *b == b'\n')) {
        let line = seen.get(start..start + length).unwrap_or_default();
        start += length + 1;
        if line.len() < 3 || !line.iter().take(3).all(u8::is_ascii_digit) {
            return Err(SendError::misconfigured("no_mail_server"));
        }
        if line.get(3) != Some(&b'-') {
            return Ok(Some(start));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_with_its_first_line_without_hyphen() {
        for (seen, end) in [
            ("220 ready\r\n", Some(11)),
            ("220\r\n", Some(5)),
            ("250-a\r\n250 b\r\n", Some(14)),
            ("220 ready\r\n250 smuggled\r\n", Some(11)),
            ("250-a\r\n250 b", None),
            ("", None),
        ] {
            assert_eq!(reply_end(seen.as_bytes()), Ok(end), "{seen:?}");
        }
        for seen in ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-x\r\n", "\r\n"] {
            assert!(reply_end(seen.as_bytes()).is_err(), "{seen:?}");
        }
    }
}
