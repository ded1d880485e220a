//! An empty folder that goes away with its case.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder of its own below the system's temporary one.
#[derive(Debug)]
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> TempDir {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("capstan-case-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        TempDir(path.canonicalize().expect("the folder was just made"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, with the folders that its name asks for.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.join(name);
        let folder = path.parent().expect("a joined path has a parent");
        std::fs::create_dir_all(folder).expect("the folder is ours");
        std::fs::write(path, bytes).expect("the folder is ours");
    }

    /// All files below, by their name within the folder.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        self.collect(&self.0, &mut files);
        files.sort();
        files
    }

    fn collect(&self, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.collect(&path, files);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let name = path.strip_prefix(&self.0).expect("the walk began there");
                files.push((name.to_string_lossy().into_owned(), bytes));
            }
        }
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // A folder that cannot be removed is left to the system.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
