//! The file that a recording is written to, made ready before anything is sent: an answer that
//! cannot be kept is known too late once the upstream has acted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use capstan_engine::CallError;
use capstan_engine::upstream::Recorder;
use capstan_spec::diagnostic::Code;

use super::place::{Place, why};

/// Where a recording goes: a part file beside it, which goes away unless it becomes the recording, so
/// that a reader sees the old one or the new one, never a part. What is no regular file (a device, a
/// pipe) is written to as it is.
pub(super) struct Target<'p> {
    /// As the user wrote it.
    path: &'p Path,
    file: File,
    /// The part, and what it becomes.
    beside: Option<(PathBuf, PathBuf)>,
}

impl<'p> Target<'p> {
    /// Makes the part file.
    ///
    /// # Errors
    /// Where a recording cannot be written to this path.
    pub(super) fn create(path: &'p Path) -> Result<Self, CallError> {
        Self::try_create(path).map_err(|error| failed(path, &error))
    }

    fn try_create(path: &'p Path) -> io::Result<Self> {
        let target = match Place::of(path)? {
            Place::File(target) => target,
            Place::Direct(file) => return Ok(Target { path, file, beside: None }),
        };
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let part = target.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let _ = fs::remove_file(&part); // what a killed process with the same id has left, if any
        let file = private().open(&part)?;
        Ok(Target { path, file, beside: Some((part, target)) })
    }

    /// Writes the recording; whether there was anything to write. Without an answer there is none,
    /// and what an earlier call recorded stays.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(self, recorder: &Recorder) -> Result<bool, CallError> {
        let har = recorder.to_har();
        let entries = har.pointer("/log/entries").and_then(serde_json::Value::as_array);
        let has_answer = |entry: &serde_json::Value| entry.pointer("/response/status") != Some(&0.into());
        if !entries.is_some_and(|entries| entries.iter().any(has_answer)) {
            return Ok(false);
        }
        let written = self.replace(format!("{har:#}\n").as_bytes());
        written.map(|()| true).map_err(|error| failed(self.path, &error))
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)?;
        self.beside.as_ref().map_or(Ok(()), |(part, target)| fs::rename(part, target))
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        if let Some((part, _)) = &self.beside {
            let _ = fs::remove_file(part); // it is the recording by now, or nothing is lost with it
        }
    }
}

/// How to open a new file that others cannot read: credentials are removed from a recording, the
/// data of an API are not.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn failed(path: &Path, error: &io::Error) -> CallError {
    CallError::new(Code::BadRecording, format!("`{}` cannot be written: {}", path.display(), why(path, error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new folder of this process.
    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("capstan-recording-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary folder is writable");
        path
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder is ours");
        entries.map(|entry| entry.expect("the folder is ours").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_part_is_private_and_becomes_the_recording_or_nothing() {
        let folder = folder("part");
        let path = folder.join("a.har");
        drop(Target::create(&path).expect("the folder is writable"));
        assert!(names(&folder).is_empty());
        let target = Target::create(&path).expect("the folder is writable");
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&target.file.metadata().expect("it is open").permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        target.replace(b"{}").expect("the folder is writable");
        drop(target);
        assert_eq!(names(&folder), ["a.har"]);
        fs::remove_dir_all(folder).expect("the folder is ours");
    }

    #[test]
    fn folders_and_what_is_below_nothing_cannot_be_written() {
        let folder = folder("refused");
        for path in [folder.clone(), folder.join("nowhere/a.har"), PathBuf::from("..")] {
            let error = Target::create(&path).err().expect("no file can be there");
            assert_eq!(error.code(), Code::BadRecording, "{error}");
        }
        fs::remove_dir_all(folder).expect("the folder is ours");
    }

    #[test]
    fn what_comes_into_the_way_later_is_an_error_and_leaves_no_part() {
        let folder = folder("late");
        let path = folder.join("a.har");
        let target = Target::create(&path).expect("the folder is writable");
        fs::create_dir(&path).expect("the folder is ours");
        assert!(target.replace(b"{}").is_err());
        drop(target);
        assert_eq!(names(&folder), ["a.har"]);
        fs::remove_dir_all(folder).expect("the folder is ours");
    }
}
