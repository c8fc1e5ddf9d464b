//! Commands and messages of RFC 5321, as far as a client that sends codes needs them.

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest message, in bytes.
const MESSAGE_MAX: usize = 256 * 1024;
/// Longest command line: RFC 5321, 4.5.3.1.4, with room for a long AUTH.
const LINE_MAX: usize = 2048;

/// What was read and not yet used.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// The next line without its end. Nothing when the connection ended, or the line is too long.
    pub(super) async fn line(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
        let end = self.until(stream, b"\r\n", LINE_MAX).await?;
        let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 2);
        Some(line)
    }

    /// The message up to the lone dot, dots unstuffed.
    pub(super) async fn message(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
        // An empty message is a dot at once.
        if self.peek(stream, 3).await? == b".\r\n" {
            self.buffer.drain(..3);
            return Some(String::new());
        }
        let end = self.until(stream, b"\r\n.\r\n", MESSAGE_MAX).await?;
        let text = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 5);
        let text = text.replace("\r\n.", "\r\n");
        Some(text.strip_prefix('.').map(ToOwned::to_owned).unwrap_or(text))
    }

    async fn peek(&mut self, stream: &mut (impl AsyncRead + Unpin), count: usize) -> Option<&[u8]> {
        while self.buffer.len() < count {
            self.more(stream).await?;
        }
        self.buffer.get(..count)
    }

    /// Where a mark begins.
    async fn until(&mut self, stream: &mut (impl AsyncRead + Unpin), mark: &[u8], most: usize) -> Option<usize> {
        let mut searched = 0_usize;
        loop {
            let from = searched.saturating_sub(mark.len());
            if let Some(at) = self.buffer[from..].windows(mark.len()).position(|seen| seen == mark) {
                return Some(from + at);
            }
            searched = self.buffer.len();
            if searched > most {
                return None;
            }
            self.more(stream).await?;
        }
    }

    async fn more(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Option<()> {
        (stream.read_buf(&mut self.buffer).await.ok()? > 0).then_some(())
    }
}

/// The address of `MAIL FROM:<…>` or `RCPT TO:<…>`.
pub(super) fn address(argument: &str) -> &str {
    argument.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_and_messages_are_read_as_they_were_meant() {
        let sent = "EHLO a\r\nDATA\r\n..dot\r\n.\nbare\r\n..\r\n.\r\nQUIT\r\n.\r\n";
        let (mut stream, mut reader) = (sent.as_bytes(), Reader::default());
        assert_eq!(reader.line(&mut stream).await.as_deref(), Some("EHLO a"));
        assert_eq!(reader.line(&mut stream).await.as_deref(), Some("DATA"));
        assert_eq!(reader.message(&mut stream).await.as_deref(), Some(".dot\r\n\nbare\r\n."));
        assert_eq!(reader.line(&mut stream).await.as_deref(), Some("QUIT"));
        assert_eq!(reader.message(&mut stream).await.as_deref(), Some(""));
        assert_eq!(reader.line(&mut stream).await, None);
    }

    #[test]
    fn addresses_stand_between_angle_brackets() {
        assert_eq!(address("TO:<a@example.net> NOTIFY=NEVER"), "a@example.net");
        assert_eq!((address("FROM:<>"), address("TO:a@example.net")), ("", ""));
    }
}
