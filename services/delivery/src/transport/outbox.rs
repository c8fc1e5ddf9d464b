//! Messages as files, for trying things out before a mail server or an SMS account exists.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::{self, OpenOptions};
use tokio::io::AsyncWriteExt;

use super::message::{OutgoingMail, OutgoingSms};
use super::outcome::{Accepted, SendError};
use super::sms_check::checked;
use super::smtp::compose;

/// Longest file name made from a message's id, in bytes.
const NAME_MAX: usize = 120;

/// Writes `<message>.eml` and `<message>.txt` into a directory, for the owner's eyes only.
///
/// A file appears whole or not at all, and the same message writes the same file.
#[derive(Debug, Clone)]
pub struct OutboxSender {
    dir: PathBuf,
}

impl OutboxSender {
    /// A sender into a directory, made when first needed.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Writes a mail, the bytes a mail server would have received.
    ///
    /// # Errors
    /// `Temporary` when the file cannot be written; those of composing a mail.
    pub async fn send_mail(&self, mail: &OutgoingMail) -> Result<Accepted, SendError> {
        let composed = compose(mail)?;
        self.put(&mail.message_id, "eml", &composed.bytes).await
    }

    /// Writes a text message with its number and validity above it.
    ///
    /// # Errors
    /// `Temporary` when the file cannot be written; `Permanent` for a bad number, body or an expired message.
    pub async fn send_sms(&self, sms: &OutgoingSms) -> Result<Accepted, SendError> {
        let sms = checked(sms)?;
        let text = format!(
            "To: {}\nReference: {}\nValidity-Seconds: {}\n\n{}\n",
            sms.to_e164,
            plain_name(&sms.reference),
            sms.remaining_life.as_secs(),
            sms.body
        );
        self.put(&sms.reference, "txt", text.as_bytes()).await
    }

    async fn put(&self, id: &str, ending: &str, bytes: &[u8]) -> Result<Accepted, SendError> {
        let name = plain_name(id);
        let target = self.dir.join(format!("{name}.{ending}"));
        let draft = self.dir.join(format!(".{name}.{ending}.part"));
        match write_whole(&self.dir, &draft, &target, bytes).await {
            Ok(()) => Ok(Accepted::with_id(Some(&name))),
            Err(_) => Err(SendError::temporary("outbox_not_writable")),
        }
    }
}

async fn write_whole(dir: &Path, draft: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).await?;
    match fs::remove_file(draft).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(draft, target).await
}

/// A message's id as a file name: letters, digits, `-`, `_`, and `.` inside; everything else becomes `_`.
fn plain_name(id: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = id.chars().map(safe).take(NAME_MAX).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "message".to_owned() } else { name.to_owned() }
}
