//! Where the bytes that are written to a path go.
//!
//! A regular file is replaced by a new one beside it, so that a reader sees the old one or the new
//! one. Nothing else can be: a link leads on, and stays; a device or a pipe is written to as it is.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The longest chain of links that is followed, which is that of Linux.
const LINKS_MAX: usize = 40;

/// Where bytes go.
pub(super) enum Place {
    /// To a regular file, which may not be there yet: no link.
    File(PathBuf),
    /// To something else, which is open.
    Direct(File),
}

impl Place {
    /// The place of a path.
    ///
    /// # Errors
    /// It is a folder, or nothing that can be written to.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            // Where standard output is a file, what is there already stays.
            Ok(meta) if !meta.is_file() || is_descriptor(&followed(path)) => {
                OpenOptions::new().append(true).open(path).map(Place::Direct)
            }
            Ok(_) | Err(_) if path.is_symlink() => Ok(Place::File(resolved(path))),
            Ok(_) | Err(_) => Ok(Place::File(path.to_owned())),
        }
    }
}

/// Whether a path is that of an open file of a process, as `/dev/stdout` leads to one. To put another
/// file in its place would not reach who has it open.
fn is_descriptor(path: &Path) -> bool {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    folder.is_some_and(|folder| folder.starts_with("/proc") && folder.ends_with("fd"))
}

/// The path of a file behind all links, whether or not there is one: two paths of one file are the
/// same then.
pub(super) fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = path.canonicalize() {
        return whole;
    }
    let path = followed(path);
    let folder = path.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    match (folder.and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => std::path::absolute(&path).unwrap_or(path),
    }
}

/// Why a path cannot be written, in words that name what is missing.
pub(super) fn why(path: &Path, error: &io::Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    match folder.filter(|_| error.kind() == io::ErrorKind::NotFound) {
        Some(folder) => format!("there is no folder `{}`", folder.display()),
        None => error.to_string(),
    }
}

/// The path that a link leads to in the end, which need not be there. The links of open files have
/// no path behind them and are not followed.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Some(target) = fs::read_link(&path).ok().filter(|_| !is_descriptor(&path)) else { break };
        path = path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    path
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn one_file_has_one_path() {
        let folder = std::env::temp_dir().join(format!("capstan-place-{}", std::process::id()));
        fs::create_dir_all(folder.join("a/b")).expect("the temporary folder is writable");
        symlink("a", folder.join("link")).expect("ours");
        symlink("a/none", folder.join("dangling")).expect("ours");
        symlink("loop", folder.join("loop")).expect("ours");
        let whole = |path: &str| resolved(&folder.join(path));
        let none = folder.canonicalize().expect("it is there").join("a/none");
        for path in ["a/none", "./a/none", "a/b/../none", "link/none", "dangling"] {
            assert_eq!(whole(path), none, "{path}");
        }
        assert!(whole("nowhere/none").ends_with("nowhere/none") && whole("loop").ends_with("loop"));
        assert!(matches!(Place::of(&folder), Err(error) if error.kind() == io::ErrorKind::IsADirectory));
        assert!(matches!(Place::of(Path::new("/dev/null")), Ok(Place::Direct(_))));
        fs::remove_dir_all(folder).expect("ours");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_open_file_of_a_process_is_not_replaced() {
        use std::os::fd::AsRawFd as _;

        let path = std::env::temp_dir().join(format!("capstan-place-open-{}", std::process::id()));
        let open = File::create(&path).expect("the temporary folder is writable");
        for folder in ["/dev/fd", "/proc/self/fd"] {
            let descriptor = Path::new(folder).join(open.as_raw_fd().to_string());
            assert!(matches!(Place::of(&descriptor), Ok(Place::Direct(_))), "{folder}");
        }
        assert!(matches!(Place::of(&path), Ok(Place::File(_))));
        fs::remove_file(path).expect("ours");
    }
}
