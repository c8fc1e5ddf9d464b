//! One question to a monitoring endpoint, over plain HTTP. It is asked once at start; a client library would be too much.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer.
const MOST: u64 = 4 * 1024 * 1024;

/// The JSON at `path` of an endpoint like `http://host:8222`. The error is an internal text.
pub(super) async fn get(url: &str, path: &str) -> Result<Value, String> {
    let host = host_of(url).ok_or("no http:// URL with a host and a port")?;
    // HTTP/1.0: the answer ends with the connection, whatever its length.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut connection = TcpStream::connect(host).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        connection.take(MOST).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = timeout(PATIENCE, exchange).await.map_err(|_| "no answer in time".to_owned())?;
    body(&answer.map_err(|error| error.to_string())?)
}

fn host_of(url: &str) -> Option<&str> {
    let host = url.strip_prefix("http://")?.trim_end_matches('/');
    let (name, port) = host.rsplit_once(':')?;
    let plain = !name.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/?#@".contains(c));
    (plain && port.parse::<u16>().is_ok()).then_some(host)
}

fn body(answer: &[u8]) -> Result<Value, String> {
    const END: &[u8] = b"\r\n\r\n";
    let end = answer.windows(END.len()).position(|window| window == END).ok_or("no whole answer")?;
    let status = answer.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if status != b"200" {
        return Err(format!("status {}", String::from_utf8_lossy(status).chars().take(3).collect::<String>()));
    }
    serde_json::from_slice(&answer[end + END.len()..]).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_and_a_port() {
        assert_eq!(host_of("http://127.0.0.1:8222"), Some("127.0.0.1:8222"));
        assert_eq!(host_of("http://[::1]:8222/"), Some("[::1]:8222"));
        for bad in ["https://a:1", "a:1", "http://a", "http://:1", "http://a:b", "http://a/b:1", "http://a\r\nb:1"] {
            assert_eq!(host_of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_a_whole_good_answer_counts() {
        let good = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1}";
        assert_eq!(body(good), Ok(serde_json::json!({ "a": 1 })));
        for bad in [&b"HTTP/1.0 404 Not Found\r\n\r\n{}"[..], b"HTTP/1.0 200 OK\r\n", b"", b"HTTP/1.0 200 OK\r\n\r\n{"]
        {
            assert!(body(bad).is_err());
        }
    }
}
