//! A file that has its name only once it is whole.
//!
//! Until then its bytes are in `NAME.part`, and what is needed to go on with it in
//! `NAME.part.json`. What is no regular file (a device, a pipe) is written to as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use capstan_engine::CallError;
use capstan_engine::range::Rest;
use capstan_spec::diagnostic::Code;
use serde::{Deserialize, Serialize};

use crate::command::call::place::{Place as At, why};

/// A file on its way.
pub(in crate::command::call) struct Part {
    /// As the user wrote it.
    shown: PathBuf,
    place: Place,
    file: File,
    /// Bytes of the file.
    length: u64,
}

enum Place {
    /// Becomes `target` in the end.
    Beside { target: PathBuf, part: PathBuf, state: PathBuf },
    /// What is written is there at once.
    Direct,
}

/// What a part is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::command::call) struct State {
    /// The request that it answers, secrets masked.
    pub(in crate::command::call) request: String,
    /// The version of the body; see [`capstan_engine::range::validator`].
    pub(in crate::command::call) validator: Option<String>,
}

impl Part {
    /// Opens the part of a file. What an earlier run left in it stays until [`Part::begin`].
    ///
    /// # Errors
    /// Where a file of this name cannot be written.
    pub(in crate::command::call) fn open(path: &Path) -> Result<Self, CallError> {
        Self::try_open(path).map_err(|error| failed(path, &error))
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        let target = match At::of(path)? {
            At::File(target) => target,
            At::Direct(file) => return Ok(Part { shown: path.to_owned(), place: Place::Direct, file, length: 0 }),
        };
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_os_string();
        let beside = |end: &str| {
            let mut name = name.clone();
            name.push(end);
            target.with_file_name(name)
        };
        let (part, state) = (beside(".part"), beside(".part.json"));
        if fs::symlink_metadata(&part).is_ok_and(|meta| meta.is_symlink()) {
            // We make none: whoever did, wants us to write somewhere else.
            fs::remove_file(&part)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&part)?;
        let length = file.metadata()?.len();
        Ok(Part { shown: path.to_owned(), place: Place::Beside { target, part, state }, file, length })
    }

    /// Bytes that are there.
    pub(in crate::command::call) fn length(&self) -> u64 {
        self.length
    }

    /// The rest to ask for, where an earlier run left a part of the answer to this request.
    pub(in crate::command::call) fn rest(&self, request: &str) -> Option<Rest> {
        let Place::Beside { state, .. } = &self.place else { return None };
        let text = fs::read(state).ok()?;
        let state: State = serde_json::from_slice(&text).ok()?;
        let validator = state.validator.filter(|_| state.request == request && self.length > 0)?;
        Some(Rest { offset: self.length, validator })
    }

    /// Gets ready for bytes from an offset on; what lies behind it goes.
    ///
    /// # Errors
    /// Those of the file system.
    pub(in crate::command::call) fn begin(&mut self, offset: u64, state: Option<&State>) -> Result<(), CallError> {
        self.try_begin(offset, state).map_err(|error| failed(&self.shown, &error))
    }

    fn try_begin(&mut self, offset: u64, about: Option<&State>) -> io::Result<()> {
        let Place::Beside { state, .. } = &self.place else { return Ok(()) };
        // In this order: whatever comes between, the state is never one of other bytes.
        self.file.set_len(offset)?;
        self.file.seek(SeekFrom::Start(offset))?;
        self.length = offset;
        match about {
            Some(about) => fs::write(state, serde_json::to_vec_pretty(about)?),
            None => remove_if_there(state),
        }
    }

    /// Gives the file its name, once its bytes are on the disk.
    ///
    /// # Errors
    /// Those of the file system; the part stays.
    pub(in crate::command::call) fn finish(mut self) -> Result<(), CallError> {
        self.try_finish().map_err(|error| failed(&self.shown, &error))
    }

    fn try_finish(&mut self) -> io::Result<()> {
        let Place::Beside { target, part, state } = &self.place else { return self.file.flush() };
        self.file.sync_all()?;
        fs::rename(part, target)?;
        remove_if_there(state)?;
        sync_folder(target)
    }

    /// Removes what is there of it.
    pub(in crate::command::call) fn discard(self) {
        if let Place::Beside { part, state, .. } = &self.place {
            let _ = fs::remove_file(part); // what cannot be removed is empty or of no use, not wrong
            let _ = fs::remove_file(state); // the same
        }
    }

    /// Where the bytes are that came so far; `None` where they are not kept.
    pub(in crate::command::call) fn kept(&self) -> Option<&Path> {
        match &self.place {
            Place::Beside { part, .. } if self.length > 0 => Some(part),
            Place::Beside { .. } | Place::Direct => None,
        }
    }

    /// The error of a write.
    pub(in crate::command::call) fn failed(&self, error: &io::Error) -> CallError {
        failed(&self.shown, error)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A new name is on the disk only when its folder is (fsync(2)). Other systems do it themselves.
#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> CallError {
    CallError::new(Code::OutputFile, format!("`{}` cannot be written: {}", path.display(), why(path, error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("capstan-part-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("the temporary folder is writable");
            Folder(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("the folder is ours");
            let name = |e: io::Result<fs::DirEntry>| e.expect("ours").file_name().to_string_lossy().into_owned();
            let mut names: Vec<String> = entries.map(name).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0); // it is in the temporary folder
        }
    }

    fn state() -> State {
        State { request: "GET http://a/".to_owned(), validator: Some("\"a\"".to_owned()) }
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = Folder::new("whole");
        let path = folder.0.join("a.bin");
        fs::write(&path, "old").expect("ours");
        let mut part = Part::open(&path).expect("writable");
        part.begin(0, Some(&state())).expect("writable");
        part.write_all(b"new").expect("writable");
        assert_eq!(folder.names(), ["a.bin", "a.bin.part", "a.bin.part.json"]);
        assert_eq!(fs::read(&path).expect("there"), b"old");
        part.finish().expect("writable");
        assert_eq!(folder.names(), ["a.bin"]);
        assert_eq!(fs::read(&path).expect("there"), b"new");
    }

    #[test]
    fn only_a_part_of_the_same_answer_is_gone_on_with() {
        let folder = Folder::new("rest");
        let path = folder.0.join("a.bin");
        let mut part = Part::open(&path).expect("writable");
        assert_eq!(part.rest("GET http://a/"), None);
        part.begin(0, Some(&state())).expect("writable");
        part.write_all(b"half").expect("writable");
        drop(part);
        let mut part = Part::open(&path).expect("writable");
        assert_eq!(part.rest("GET http://b/"), None);
        assert_eq!(part.rest("GET http://a/"), Some(Rest { offset: 4, validator: "\"a\"".to_owned() }));
        part.begin(4, Some(&state())).expect("writable");
        part.write_all(b"rest").expect("writable");
        part.finish().expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"halfrest");
    }

    #[test]
    fn starting_over_leaves_nothing_of_the_old_bytes() {
        let folder = Folder::new("over");
        let path = folder.0.join("a.bin");
        fs::write(folder.0.join("a.bin.part"), "longer than the new").expect("ours");
        let mut part = Part::open(&path).expect("writable");
        part.begin(0, None).expect("writable");
        part.write_all(b"new").expect("writable");
        part.finish().expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"new");
    }

    #[test]
    fn folders_and_what_is_below_nothing_cannot_be_written() {
        let folder = Folder::new("refused");
        for path in [folder.0.clone(), folder.0.join("nowhere/a.bin")] {
            let error = Part::open(&path).err().expect("no file can be there");
            assert_eq!(error.code(), Code::OutputFile, "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_devices_are_written_to() {
        let folder = Folder::new("links");
        let (link, target) = (folder.0.join("link"), folder.0.join("target"));
        fs::write(&target, "old").expect("ours");
        std::os::unix::fs::symlink(&target, &link).expect("ours");
        let mut part = Part::open(&link).expect("writable");
        part.begin(0, None).expect("writable");
        part.write_all(b"new").expect("writable");
        part.finish().expect("writable");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&target).expect("there"), b"new");
        let mut part = Part::open(Path::new("/dev/null")).expect("writable");
        part.begin(0, Some(&state())).expect("writable");
        part.write_all(b"new").expect("writable");
        part.finish().expect("writable");
        assert!(!Path::new("/dev/null.part").exists());
    }
}
