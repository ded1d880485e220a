//! Answers that are kept from one run to the next: a folder for each URL, a file for each answer.
//!
//! Names are digests, folders and files are the user's alone, and a file comes into its place whole.
//! Whatever goes wrong here, a call only asks the API again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use capstan_engine::bindings::{Files as _, RealFiles};
use capstan_engine::cache::{Key, Store};

/// Bytes of all files; beyond, those go that were not used longest.
const FOLDER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of one file: an answer of the engine's largest, and its head.
const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Answers in a folder.
pub(crate) struct Folder {
    path: PathBuf,
    bytes_max: u64,
    /// The bytes of all files, once they have been counted.
    bytes: Mutex<Option<u64>>,
}

/// A file that is kept.
struct Kept {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Folder {
    /// The user's own folder, which need not be there; `None` where the system names none.
    pub(crate) fn of_user() -> Option<Folder> {
        let cache = std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
        let cache = cache.filter(|path| path.is_absolute());
        let home = std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".cache"));
        cache.or(home).map(|folder| Folder::new(folder.join("capstan").join("http"), FOLDER_BYTES_MAX))
    }

    fn new(path: PathBuf, bytes_max: u64) -> Folder {
        Folder { path, bytes_max, bytes: Mutex::default() }
    }

    fn file(&self, key: &Key) -> PathBuf {
        self.path.join(key.resource()).join(key.variant())
    }

    fn try_put(&self, key: &Key, bytes: &[u8]) -> io::Result<()> {
        private_folder(&self.path)?;
        let path = self.file(key);
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        private_folder(folder)?;
        // Other runs, and other calls of this one, write beside it.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!("{}.{}.{number}.part", key.variant(), std::process::id()));
        let written = private_file(&part).and_then(|mut file| file.write_all(bytes));
        written.and_then(|()| fs::rename(&part, &path)).inspect_err(|_| {
            let _ = fs::remove_file(&part); // it may not even be there
        })
    }

    /// Counts bytes that were added, and makes room.
    fn added(&self, bytes: u64) {
        let mut sum = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        // The first count includes them.
        let known = sum.map_or_else(|| self.kept().iter().map(|kept| kept.bytes).sum(), |sum: u64| sum + bytes);
        *sum = Some(if known > self.bytes_max { self.make_room() } else { known });
    }

    /// Removes what was not used longest until there is room for some time; gives what is left.
    fn make_room(&self) -> u64 {
        let mut all = self.kept();
        all.sort_by_key(|kept| kept.used);
        let mut left: u64 = all.iter().map(|kept| kept.bytes).sum();
        for kept in all {
            if left <= self.bytes_max / 4 * 3 {
                break;
            }
            if fs::remove_file(&kept.path).is_ok() {
                left -= kept.bytes;
            }
            if let Some(folder) = kept.path.parent() {
                let _ = fs::remove_dir(folder); // only where it is empty
            }
        }
        left
    }

    fn kept(&self) -> Vec<Kept> {
        let inside = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let files = inside(&self.path).flat_map(|folder| inside(&folder.path()));
        let kept = files.filter_map(|file| {
            let about = file.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Kept { path: file.path(), bytes: about.len(), used: about.modified().ok()? })
        });
        kept.collect()
    }
}

impl Store for Folder {
    fn get(&self, key: &Key) -> Option<Bytes> {
        let path = self.file(key);
        let bytes = RealFiles.read(&path, FILE_BYTES_MAX).ok()?;
        if let Ok(file) = File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now()); // it goes a little sooner
        }
        Some(bytes.into())
    }

    fn put(&self, key: &Key, bytes: Bytes) {
        if self.try_put(key, &bytes).is_ok() {
            self.added(bytes.len() as u64);
        }
    }

    fn remove(&self, resource: &str) {
        // A folder that cannot go, goes on to answer: only a vanished disk or changed rights do that.
        let _ = fs::remove_dir_all(self.path.join(resource));
    }
}

/// Makes a folder that is the user's alone, with those above it.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        builder.mode(0o700).create(path)?;
        let rights = fs::metadata(path)?.permissions();
        if rights.mode() & 0o077 != 0 {
            // Fails where it is somebody else's.
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    builder.create(path)
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use capstan_engine::upstream::{Connection, Request};

    use super::*;

    /// A new folder of this process.
    fn folder(name: &str, bytes_max: u64) -> Folder {
        let path = std::env::temp_dir().join(format!("capstan-kept-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path); // what an earlier run has left, if any
        Folder::new(path, bytes_max)
    }

    fn key(url: &str) -> Key {
        let (method, connection) = (http::Method::GET, Connection::default());
        Key::new(&Request { method, url: url.to_owned(), headers: Vec::new(), body: None, connection })
    }

    #[test]
    fn what_is_kept_is_private_and_goes_with_its_url() {
        let folder = folder("private", 1000);
        let key = key("https://h/a");
        assert_eq!(folder.get(&key), None);
        folder.remove(key.resource());
        folder.put(&key, Bytes::from_static(b"one"));
        folder.put(&key, Bytes::from_static(b"two"));
        assert_eq!(folder.get(&key).as_deref(), Some(&b"two"[..]));
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        let file = folder.file(&key);
        assert_eq!((mode(&folder.path), mode(file.parent().expect("a folder")), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!(folder.kept().len(), 1, "no part is left");
        folder.remove(key.resource());
        assert_eq!(folder.get(&key), None);
        fs::remove_dir_all(&folder.path).expect("the folder is ours");
    }

    #[test]
    fn rights_that_are_too_wide_are_narrowed() {
        let folder = folder("wide", 1000);
        fs::create_dir_all(&folder.path).expect("the temporary folder is writable");
        fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        folder.put(&key("https://h/a"), Bytes::from_static(b"one"));
        let mode = fs::metadata(&folder.path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o700);
        fs::remove_dir_all(&folder.path).expect("the folder is ours");
    }

    #[test]
    fn there_is_a_bound() {
        let folder = folder("bound", 100);
        for number in 0..50 {
            folder.put(&key(&format!("https://h/{number}")), Bytes::from_static(b"twenty bytes of text"));
            let sum: u64 = folder.kept().iter().map(|kept| kept.bytes).sum();
            assert!(sum <= 100, "{sum} bytes are kept");
        }
        assert!(!folder.kept().is_empty());
        fs::remove_dir_all(&folder.path).expect("the folder is ours");
    }
}
