//! A small HTTP/1.1 client: one request at a time on a kept connection. A full client costs as much as the server, and
//! both run on the same cores.

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest accepted answer, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Where the server is and who asks.
#[derive(Debug, Clone)]
pub struct Target {
    /// `host:port`.
    pub authority: String,
    /// The API key.
    pub key: String,
}

impl Target {
    /// Reads `http://127.0.0.1:8080`; only this machine is ever put under load.
    pub fn parse(url: &str, key: &str) -> Result<Self> {
        let authority = url.strip_prefix("http://").context("the URL starts with http://")?.trim_end_matches('/');
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let local = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        ensure!(local, "only a server on this machine is put under load, not {host}");
        Ok(Self { authority: authority.to_owned(), key: key.to_owned() })
    }
}

/// One kept connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    head: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(&target.authority).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        let head = format!(
            "Host: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            target.authority, target.key
        );
        Ok(Self { stream, buffer: Vec::with_capacity(4096), head })
    }

    /// Connects for requests whose headers, but for `Host` and `Content-Length`, are all told by [`Self::send_with`].
    pub async fn bare(authority: &str) -> Result<Self> {
        let stream = TcpStream::connect(authority).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), head: format!("Host: {authority}\r\n") })
    }

    /// Sends a request and reads its answer.
    pub async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Answer<'_>> {
        self.send_with(method, path, "", body).await
    }

    /// The same with further headers, each ended by CR LF.
    pub async fn send_with(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer<'_>> {
        let (head, length) = (&self.head, body.len());
        let request = format!("{method} {path} HTTP/1.1\r\n{head}{headers}Content-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head_len = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let (status, body_len) = read_head(&self.buffer[..head_len])?;
        while self.buffer.len() < head_len + body_len {
            self.more().await?;
        }
        Ok(Answer { status, body: &self.buffer[head_len..head_len + body_len] })
    }

    async fn more(&mut self) -> Result<()> {
        ensure!(self.buffer.len() < MAX_ANSWER_BYTES, "the answer is too large");
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn read_head(head: &[u8]) -> Result<(u16, usize)> {
    let head = std::str::from_utf8(head)?;
    let status: u16 = head.get(9..12).context("a status")?.parse()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    // RFC 9110, 8.6: no length where there is never a body.
    let length = length.or((status == 204).then_some(0));
    Ok((status, length.context("the server sends Content-Length")?))
}
