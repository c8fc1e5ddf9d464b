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
    /// Body; of one sent in chunks, with the lines between them.
    pub body: &'a [u8],
    /// The server closes the connection after it.
    pub closes: bool,
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
        let head = read_head(&self.buffer[..head_len])?;
        let end = match head.body_len {
            Some(body_len) => head_len + body_len,
            None => self.last_chunk(head_len).await?,
        };
        while self.buffer.len() < end {
            self.more().await?;
        }
        Ok(Answer { status: head.status, body: &self.buffer[head_len..end], closes: head.closes })
    }

    /// Where a body in chunks ends (RFC 9112, 7.1): after one of length 0. Trailers are not asked for, so there are none.
    async fn last_chunk(&mut self, mut at: usize) -> Result<usize> {
        loop {
            let Some(line_len) = self.buffer[at..].windows(2).position(|w| w == b"\r\n") else {
                self.more().await?;
                continue;
            };
            let line = std::str::from_utf8(&self.buffer[at..at + line_len])?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16)?;
            ensure!(size < MAX_ANSWER_BYTES, "the answer is too large");
            at += line_len + 2 + size + 2;
            if size == 0 {
                return Ok(at);
            }
            while self.buffer.len() < at {
                self.more().await?;
            }
        }
    }

    async fn more(&mut self) -> Result<()> {
        ensure!(self.buffer.len() < MAX_ANSWER_BYTES, "the answer is too large");
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Nothing: it comes in chunks.
    body_len: Option<usize>,
    closes: bool,
}

fn read_head(head: &[u8]) -> Result<Head> {
    let head = std::str::from_utf8(head)?;
    let status: u16 = head.get(9..12).context("a status")?.parse()?;
    let (mut body_len, mut chunked, mut closes) = (None, false, false);
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body_len = Some(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.trim().eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.trim().eq_ignore_ascii_case("close");
        }
    }
    // RFC 9110, 8.6: no length where there is never a body.
    let body_len = body_len.or((status == 204).then_some(0));
    ensure!(chunked || body_len.is_some(), "the server sends neither Content-Length nor chunks");
    Ok(Head { status, body_len: if chunked { None } else { body_len }, closes })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers with these bytes, one after the other.
    async fn answered(pieces: &'static [&'static [u8]]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.expect("a request");
            for piece in pieces {
                stream.write_all(piece).await.expect("written");
                tokio::task::yield_now().await;
            }
        });
        Connection::bare(&authority).await.expect("connected")
    }

    #[tokio::test]
    async fn an_answer_in_chunks_is_read_to_its_last_one() {
        let pieces: &[&[u8]] =
            &[b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab", b"cd\r\n3;x=y\r\nefg\r", b"\n0\r\n\r\n"];
        let mut connection = answered(pieces).await;
        let answer = connection.send("GET", "/", "").await.expect("an answer");
        assert_eq!((answer.status, answer.closes), (200, false));
        assert_eq!(answer.body, b"4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\n\r\n");
    }

    #[tokio::test]
    async fn a_server_that_closes_after_its_answer_says_so() {
        let pieces: &[&[u8]] = &[b"HTTP/1.1 401 No\r\ncontent-length: 2\r\nConnection: close\r\n\r\n", b"no"];
        let mut connection = answered(pieces).await;
        let answer = connection.send("GET", "/", "").await.expect("an answer");
        assert_eq!((answer.status, answer.body, answer.closes), (401, &b"no"[..], true));
    }

    #[test]
    fn a_head_without_a_length_is_refused_unless_there_is_never_a_body() {
        assert!(read_head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        let none = read_head(b"HTTP/1.1 204 No Content\r\n\r\n").expect("no body");
        assert_eq!(none, Head { status: 204, body_len: Some(0), closes: false });
    }
}
