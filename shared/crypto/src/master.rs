//! The master key: the root of every other key, kept outside the log and the databases (C13).

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::random::Random;

/// Longest master key file that is read, in bytes.
const MAX_FILE_BYTES: usize = 1024;

/// 32 bytes from which every other key is derived. Redacted in `Debug`, wiped on drop, never serialised.
pub struct MasterKey(Box<Zeroizing<[u8; 32]>>);

/// Why a master key could not be had. Never echoes the value.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Neither of the two accepted forms.
    #[error("a master key is 64 hexadecimal digits or 44 characters of base64 (32 bytes); this one is neither")]
    Malformed,
    /// All bytes are equal: a placeholder, not a key.
    #[error("the master key is a placeholder of one repeated byte; draw a random one")]
    Placeholder,
    /// Somebody besides the owner may read or write the file.
    #[error("the master key file is open to others (mode {mode:04o}); run: chmod 600 {}", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a regular file, or larger than a key file can be.
    #[error("{} is not a master key file", path.display())]
    NotAKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot read or create the master key file {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl MasterKey {
    /// Draws a new key.
    pub fn generate(rng: &dyn Random) -> Self {
        let mut key = Box::new(Zeroizing::new([0; 32]));
        rng.fill(&mut **key);
        Self(key)
    }

    /// Reads 64 hexadecimal digits (either case) or 44 characters of standard base64. Surrounding blanks are ignored.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim().as_bytes();
        let decoded = match text.len() {
            64 => HEXLOWER_PERMISSIVE.decode(text),
            44 => BASE64.decode(text),
            _ => return Err(MasterKeyError::Malformed),
        };
        let decoded = Zeroizing::new(decoded.map_err(|_| MasterKeyError::Malformed)?);
        let mut key = Box::new(Zeroizing::new([0; 32]));
        if decoded.len() != key.len() {
            return Err(MasterKeyError::Malformed);
        }
        key.copy_from_slice(&decoded);
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(MasterKeyError::Placeholder);
        }
        Ok(Self(key))
    }

    /// Reads the key file, or makes it with mode 0600 when there is none.
    ///
    /// Refuses a file that anyone but its owner may read or write. Creation is atomic and durable, and never
    /// replaces an existing file: of several processes starting at once, all end up with the same key. The
    /// directory must exist, and its file system must know hard links.
    pub fn load_or_create(path: impl AsRef<Path>, rng: &dyn Random) -> Result<Self, MasterKeyError> {
        let path = path.as_ref();
        let in_file = |source| MasterKeyError::Io { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path, &Self::generate(rng), rng).map_err(in_file)?;
                // Read back what is there now: ours, or that of a process that was quicker.
                Self::load(path, File::open(path).map_err(in_file)?)
            }
            Err(error) => Err(in_file(error)),
        }
    }

    fn load(path: &Path, file: File) -> Result<Self, MasterKeyError> {
        let in_file = |source| MasterKeyError::Io { path: path.to_owned(), source };
        // Asked of the open file, so that it cannot be swapped between the check and the read.
        let metadata = file.metadata().map_err(in_file)?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES as u64 {
            return Err(MasterKeyError::NotAKeyFile { path: path.to_owned() });
        }
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::OpenToOthers { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES));
        file.take(MAX_FILE_BYTES as u64).read_to_string(&mut text).map_err(in_file)?;
        Self::from_text(&text)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Writes the key beside its place and links it there, which fails instead of replacing a file that appeared.
fn create(path: &Path, key: &MasterKey, rng: &dyn Random) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let temporary = directory.join(format!(".master-key-{}.tmp", HEXLOWER.encode(&rng.bytes16())));
    let written = write_synced(&temporary, key).and_then(|()| match std::fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    // The temporary name goes whether or not the key is in its place; a name never made is no failure.
    let removed = match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    };
    written.and(removed)?;
    File::open(directory)?.sync_all()
}

fn write_synced(path: &Path, key: &MasterKey) -> io::Result<()> {
    let mut text = Zeroizing::new(HEXLOWER.encode(key.as_bytes()));
    text.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn both_text_forms_are_read() {
        let key: Vec<u8> = (0..32).collect();
        for text in [HEXLOWER.encode(&key), HEXLOWER.encode(&key).to_uppercase(), BASE64.encode(&key) + "\n"] {
            let read = MasterKey::from_text(&text).expect("valid");
            assert_eq!(read.as_bytes().as_slice(), key);
            assert_eq!(format!("{read:?}"), "MasterKey(..)");
        }
    }

    #[test]
    fn errors_never_echo_the_value() {
        for bad in ["", "hunter2hunter2", &"zz".repeat(32), &"00".repeat(31), &"=".repeat(44), &"é".repeat(22)] {
            let error = MasterKey::from_text(bad).expect_err("refused");
            let shown = format!("{error} {error:?}");
            assert!(matches!(error, MasterKeyError::Malformed), "{bad}");
            assert!(bad.is_empty() || !shown.contains(bad), "{shown}");
        }
        assert!(matches!(MasterKey::from_text(&"00".repeat(32)), Err(MasterKeyError::Placeholder)));
    }

    #[test]
    fn a_created_file_is_private_and_read_again() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("master.key");
        let made = MasterKey::load_or_create(&path, &OsRandom).expect("created");
        let again = MasterKey::load_or_create(&path, &OsRandom).expect("loaded");
        assert_eq!(made.as_bytes(), again.as_bytes());
        assert_eq!(std::fs::metadata(&path).expect("metadata").mode() & 0o7777, 0o600);
        assert_eq!(std::fs::read_dir(directory.path()).expect("listing").count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("master.key");
        MasterKey::load_or_create(&path, &OsRandom).expect("created");
        for mode in [0o644, 0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("chmod");
            let error = MasterKey::load_or_create(&path, &OsRandom).expect_err("refused");
            assert!(matches!(error, MasterKeyError::OpenToOthers { mode: seen, .. } if seen == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        std::fs::set_permissions(&path, Permissions::from_mode(0o400)).expect("chmod");
        MasterKey::load_or_create(&path, &OsRandom).expect("read-only for the owner is fine");
    }

    #[test]
    fn a_damaged_file_is_refused_and_kept() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("master.key");
        std::fs::write(&path, "").expect("write");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("chmod");
        assert!(matches!(MasterKey::load_or_create(&path, &OsRandom), Err(MasterKeyError::Malformed)));
        assert_eq!(std::fs::read(&path).expect("read"), b"");
        assert!(matches!(
            MasterKey::load_or_create(directory.path(), &OsRandom),
            Err(MasterKeyError::NotAKeyFile { .. } | MasterKeyError::Io { .. })
        ));
    }

    #[test]
    fn processes_starting_at_once_agree_on_one_key() {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("master.key");
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| *MasterKey::load_or_create(&path, &OsRandom).expect("a key").as_bytes()))
                .collect();
            starts.into_iter().map(|start| start.join().expect("no panic")).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
