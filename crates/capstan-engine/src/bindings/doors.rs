//! The doors to the environment and to files, each with a real and an in-memory version.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

/// Where variables without a file come from.
pub trait Environment: Send + Sync {
    /// The value of a variable; `None` when it is not set.
    fn var(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
///
/// A value that is not Unicode counts as not set: no place of a request could hold it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// An environment of given variables: an `--env-file`, a test.
#[derive(Clone, Default)]
pub struct MapEnvironment(pub IndexMap<String, String>);

impl Environment for MapEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for MapEnvironment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        MapEnvironment(pairs.collect())
    }
}

/// Several environments; the first that sets a variable gives its value.
#[derive(Clone, Default)]
pub struct LayeredEnvironment(pub Vec<Arc<dyn Environment>>);

impl Environment for LayeredEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|environment| environment.var(name))
    }
}

/// Where files come from.
pub trait Files: Send + Sync {
    /// The bytes of a file; an error of kind [`io::ErrorKind::FileTooLarge`] when there are
    /// more than `bytes_max`.
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>>;
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        // The length that the system tells may be wrong (a pipe, a growing file); this is not.
        File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
        bounded(bytes, bytes_max)
    }
}

/// Files in memory, for tests and for callers that keep their files elsewhere.
///
/// `.` and `..` in a path are resolved by the text alone.
#[derive(Clone, Default)]
pub struct MapFiles(IndexMap<PathBuf, Vec<u8>>);

impl<P: AsRef<Path>, B: Into<Vec<u8>>> FromIterator<(P, B)> for MapFiles {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        let pairs = files.into_iter().map(|(path, bytes)| (tidy(path.as_ref()), bytes.into()));
        MapFiles(pairs.collect())
    }
}

impl Files for MapFiles {
    fn read(&self, path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(&tidy(path)).ok_or(io::ErrorKind::NotFound)?;
        bounded(bytes.clone(), bytes_max)
    }
}

fn bounded(bytes: Vec<u8>, bytes_max: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > bytes_max {
        let message = format!("the file is larger than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::ParentDir | Component::Normal(_) => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_layer_that_knows_a_variable_wins() {
        let near = MapEnvironment::from_iter([("A", "1")]);
        let far = MapEnvironment::from_iter([("A", "2"), ("B", "3")]);
        let layers = LayeredEnvironment(vec![Arc::new(near), Arc::new(far)]);
        assert_eq!(layers.var("A").as_deref(), Some("1"));
        assert_eq!(layers.var("B").as_deref(), Some("3"));
        assert_eq!(layers.var("C"), None);
        assert_eq!(ProcessEnvironment.var("odd=name"), None);
    }

    #[test]
    fn files_are_bounded_and_found_by_equal_paths() {
        let files = MapFiles::from_iter([("a/b.env", "K=v")]);
        assert_eq!(files.read(Path::new("./a/x/../b.env"), 3).expect("it is there"), b"K=v");
        let kind = |path, max| files.read(Path::new(path), max).expect_err("it fails").kind();
        assert_eq!(kind("a/b.env", 2), io::ErrorKind::FileTooLarge);
        assert_eq!(kind("../a/b.env", 9), io::ErrorKind::NotFound);
    }

    #[test]
    fn real_files_are_bounded() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(RealFiles.read(&path, 1 << 20).is_ok_and(|bytes| !bytes.is_empty()));
        let error = RealFiles.read(&path, 10).expect_err("it is larger");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
