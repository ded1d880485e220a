//! Paths from the command line become the capability files that they stand for.
//!
//! A file stands for itself, whatever it is called. A folder stands for every `*.yaml` and
//! `*.yml` below it, in the order of their names, without what is hidden and without the folders
//! that build tools fill.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold what others wrote.
const FOLDERS_SKIPPED: [&str; 2] = ["node_modules", "target"];

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its path, below the one that was given.
    pub(crate) path: PathBuf,
    /// Whether the user named this very file, and so means it to be a capability.
    pub(crate) named: bool,
}

/// What paths stand for.
#[derive(Debug, Default)]
pub(crate) struct Finding {
    /// The files, each once, in the order of the paths.
    pub(crate) files: Vec<Found>,
    /// Folders that cannot be read, and why.
    pub(crate) unreadable: Vec<(PathBuf, io::Error)>,
    /// Folders without any file to look at.
    pub(crate) empty: Vec<PathBuf>,
}

/// Finds the files that paths stand for. A path that leads nowhere is kept: whoever reads it can
/// say best what is wrong.
pub(crate) fn find(paths: &[PathBuf]) -> Finding {
    let mut walk = Walk::default();
    for path in paths {
        if path.is_dir() {
            walk.folder(path);
        } else {
            walk.file(path.clone(), true);
        }
    }
    walk.finding
}

#[derive(Default)]
struct Walk {
    finding: Finding,
    files: HashSet<PathBuf>,
    /// Folders by their real path: what a symbolic link leads back to is walked once.
    folders: HashSet<PathBuf>,
}

impl Walk {
    fn file(&mut self, path: PathBuf, named: bool) {
        if self.files.insert(path.clone()) {
            self.finding.files.push(Found { path, named });
        } else if named {
            let known = self.finding.files.iter_mut().filter(|found| found.path == path);
            known.for_each(|found| found.named = true);
        }
    }

    /// Walks a folder with a stack of its own: no depth of folders exhausts that of the thread.
    fn folder(&mut self, root: &Path) {
        let before = self.finding.files.len();
        let mut waiting = vec![root.to_owned()];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                match self.entries(&path) {
                    Ok(entries) => waiting.extend(entries.into_iter().rev()),
                    Err(why) => self.finding.unreadable.push((path, why)),
                }
            } else {
                self.file(path, false);
            }
        }
        if self.finding.files.len() == before && self.finding.unreadable.is_empty() {
            self.finding.empty.push(root.to_owned());
        }
    }

    /// The entries of a folder that are worth a look, by name; none when it was walked before.
    fn entries(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        if !self.folders.insert(folder.canonicalize()?) {
            return Ok(Vec::new());
        }
        let paths: io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
        let mut paths: Vec<PathBuf> = paths?.into_iter().filter(|path| is_wanted(path)).collect();
        paths.sort();
        // `./a.yaml` would only repeat the dot that was given.
        let shown = |path: PathBuf| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
        Ok(paths.into_iter().map(shown).collect())
    }
}

fn is_wanted(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    // Follows symbolic links; a broken one, a socket or a pipe is neither a folder nor a file.
    match fs::metadata(path) {
        _ if name.starts_with('.') => false,
        Ok(metadata) if metadata.is_dir() => !FOLDERS_SKIPPED.contains(&name),
        Ok(metadata) => metadata.is_file() && is_yaml(path),
        Err(_) => false,
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("capstan-find-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path); // it is there only when an earlier run was cut short
            fs::create_dir_all(&path).expect("the temporary folder is writable");
            Folder(path)
        }

        fn write(self, names: &[&str]) -> Self {
            for name in names {
                let path = self.0.join(name);
                fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("the folder is writable");
                fs::write(path, "").expect("the folder is writable");
            }
            self
        }

        fn found(&self) -> Vec<String> {
            let files = find(std::slice::from_ref(&self.0)).files;
            let below = |found: &Found| found.path.strip_prefix(&self.0).map(|p| p.display().to_string());
            files.iter().filter_map(|found| below(found).ok()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0); // what is left does not matter
        }
    }

    #[test]
    fn a_folder_stands_for_its_yaml_in_order() {
        let folder = Folder::new("order").write(&[
            "b.yaml",
            "a/z.yml",
            "c.YAML",
            "c.json",
            ".hidden.yaml",
            ".git/x.yaml",
            "node_modules/x.yaml",
            "a/target/x.yaml",
        ]);
        assert_eq!(folder.found(), ["a/z.yml", "b.yaml", "c.YAML"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_is_walked_once() {
        let folder = Folder::new("loop").write(&["a/b.yaml"]);
        std::os::unix::fs::symlink(&folder.0, folder.0.join("a/up")).expect("links can be made");
        std::os::unix::fs::symlink("nowhere.yaml", folder.0.join("broken.yaml")).expect("links can be made");
        assert_eq!(folder.found(), ["a/b.yaml"]);
    }

    #[test]
    fn a_named_file_is_kept_whatever_it_is() {
        let folder = Folder::new("named").write(&["a.yaml"]);
        let (file, nowhere) = (folder.0.join("a.yaml"), folder.0.join("nowhere.txt"));
        let finding = find(&[folder.0.clone(), file.clone(), nowhere.clone()]);
        let named = |path| Found { path, named: true };
        assert_eq!(finding.files, [named(file), named(nowhere)]);
    }

    #[test]
    fn an_empty_folder_is_told() {
        let folder = Folder::new("empty");
        let roots = std::slice::from_ref(&folder.0);
        assert_eq!(find(roots).empty, roots);
    }
}
