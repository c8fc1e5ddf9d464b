//! Users in a file, so that several runs use the same ones: a header, then 28 bytes for each. It holds secrets of test
//! users and is readable by its owner only.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::phone::step_now;
use super::users::{SECRET_BYTES, User};

const MAGIC: &[u8; 8] = b"TFUSERS1";
/// Number, tenant, secret and a check.
const RECORD_BYTES: usize = 4 + 2 + SECRET_BYTES + 2;
/// Longest prefix, in bytes.
const PREFIX_MAX: usize = 64;

/// A file that is being written.
#[derive(Debug)]
pub struct UserFile {
    out: BufWriter<File>,
    prefix: Arc<str>,
    users: Vec<User>,
}

impl UserFile {
    /// Opens a file, or begins one whose users are called `prefix` and a number. A last record that was cut off is dropped.
    ///
    /// # Errors
    /// The file is none of ours, or cannot be written.
    pub fn open(path: &Path, prefix: &str) -> Result<Self> {
        ensure!(!prefix.is_empty() && prefix.len() <= PREFIX_MAX, "a prefix has 1 to {PREFIX_MAX} bytes");
        let existing = path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = open.with_context(|| format!("opening {}", path.display()))?;
        if !existing {
            file.write_all(MAGIC)?;
            file.write_all(&[u8::try_from(prefix.len())?])?;
            file.write_all(prefix.as_bytes())?;
            return Ok(Self { out: BufWriter::new(file), prefix: prefix.into(), users: Vec::new() });
        }
        let (prefix, users) = read(&file).with_context(|| format!("reading {}", path.display()))?;
        let end = MAGIC.len() + 1 + prefix.len() + users.len() * RECORD_BYTES;
        file.set_len(end as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self { out: BufWriter::new(file), prefix, users })
    }

    /// The users of a file. What they spent is unknown, so all of them rest until the next step.
    ///
    /// # Errors
    /// There is no such file, it is none of ours, or its users are of more tenants than there are keys.
    pub fn load(path: &Path, tenants: usize) -> Result<Vec<User>> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let users = read(&file).with_context(|| format!("reading {}", path.display()))?.1;
        ensure_keys(&users, tenants)?;
        Ok(users)
    }

    /// # Errors
    /// The users are of more tenants than there are keys.
    pub fn ensure_keys(&self, tenants: usize) -> Result<()> {
        ensure_keys(&self.users, tenants)
    }

    /// What the ids begin with.
    pub fn prefix(&self) -> &Arc<str> {
        &self.prefix
    }

    /// Who was in it when it was opened.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// Adds one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, user: &User) -> Result<()> {
        let (number, tenant) = (user.number.to_le_bytes(), user.tenant.to_le_bytes());
        let body = [&number[..], &tenant[..], &user.secret[..]].concat();
        self.out.write_all(&body)?;
        Ok(self.out.write_all(&check(&body).to_le_bytes())?)
    }

    /// Writes out what waits.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}

fn ensure_keys(users: &[User], tenants: usize) -> Result<()> {
    let wanted = users.iter().map(|user| usize::from(user.tenant) + 1).max().unwrap_or(0);
    ensure!(wanted <= tenants, "the users in the file are of {wanted} tenants: give all their keys, in the same order");
    Ok(())
}

/// Tells a whole record from the remains of one.
fn check(body: &[u8]) -> u16 {
    body.iter().fold(0x5446, |sum, byte| sum.rotate_left(3) ^ u16::from(*byte))
}

fn read(file: &File) -> Result<(Arc<str>, Vec<User>)> {
    let mut file = BufReader::new(file);
    let mut head = [0; MAGIC.len() + 1];
    file.read_exact(&mut head).context("it is too short")?;
    ensure!(head.starts_with(MAGIC), "it is no file of users");
    let mut prefix = vec![0; usize::from(head[MAGIC.len()])];
    file.read_exact(&mut prefix).context("it is too short")?;
    let prefix: Arc<str> = String::from_utf8(prefix)?.into();
    let mut rest = Vec::new();
    file.read_to_end(&mut rest)?;
    let spent = step_now();
    let records = rest.chunks_exact(RECORD_BYTES).map(|record| {
        let (body, sum) = record.split_at(RECORD_BYTES - 2);
        let sound = check(body).to_le_bytes() == sum;
        let number = u32::from_le_bytes(body[..4].try_into()?);
        let tenant = u16::from_le_bytes(body[4..6].try_into()?);
        let user = User { prefix: Arc::clone(&prefix), number, tenant, spent, secret: body[6..].try_into()? };
        anyhow::Ok(sound.then_some(user))
    });
    let mut users = Vec::with_capacity(rest.len() / RECORD_BYTES);
    for record in records {
        users.push(record?.context("a record is broken")?);
    }
    Ok((prefix, users))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(prefix: &Arc<str>, number: u32) -> User {
        let tenant = u16::try_from(number % 3).expect("small");
        User { prefix: Arc::clone(prefix), number, tenant, spent: 0, secret: [7; SECRET_BYTES] }
    }

    #[test]
    fn users_survive_in_the_file_and_a_record_that_was_cut_off_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("users.bin");
        let mut file = UserFile::open(&path, "load-1").expect("begun");
        let prefix = Arc::clone(file.prefix());
        for number in 0..5 {
            file.add(&user(&prefix, number)).expect("written");
        }
        file.finish().expect("written");
        let whole = path.metadata().expect("there").len();
        File::options().write(true).open(&path).and_then(|f| f.set_len(whole - 9)).expect("cut");
        let mut file = UserFile::open(&path, "another").expect("opened");
        assert_eq!((&**file.prefix(), file.users().len()), ("load-1", 4));
        file.add(&user(&prefix, 9)).expect("written");
        file.finish().expect("written");
        let read = UserFile::load(&path, 3).expect("read");
        assert_eq!(read.iter().map(|user| user.number).collect::<Vec<_>>(), [0, 1, 2, 3, 9]);
        assert!(read.iter().all(|user| user.secret == [7; SECRET_BYTES] && user.spent > 0));
        assert!(UserFile::load(&path, 2).is_err());
        assert_eq!(read[4].path("/verify"), "/v1/users/load-1-9/verify");
    }

    #[test]
    fn another_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "something quite different").expect("written");
        assert!(UserFile::open(&path, "load").is_err() && UserFile::load(&path, 3).is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"something quite different");
    }
}
