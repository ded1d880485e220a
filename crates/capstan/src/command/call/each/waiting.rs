//! Finished rows that wait for an older one, on disk: what was answered is not asked again, even
//! where the run is killed before its turn has come.
//!
//! A file beside the journal, of heads and lines:
//!
//! ```text
//! +17 9f3c… 12 2a…  row 17 with its mark, 12 bytes of its line, and a check of both
//! {"total":4}       the line
//! ```
//!
//! Rows that the journal calls done are passed over, and what is not whole is as if it were not
//! there. Most of the file is past after a while; then it is written anew.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::done::Done;
use super::journal::End;
use super::limits::{JOURNAL_LINE_BYTES_MAX, WAITING_BYTES_PAST};
use super::mark::Mark;
use super::sink::Entry;
use super::window::{Waiting as _, Window};

/// Rows that have finished in an earlier part of the run, by number.
pub(super) type Kept = BTreeMap<u64, Entry>;

/// Reads the rows that are not done yet, up to what is not whole.
///
/// # Errors
/// Those of the file system; a file that is not there has no rows.
pub(super) fn read(path: &Path, done: &Done) -> io::Result<Kept> {
    let mut input = match File::open(path) {
        Ok(file) => BufReader::with_capacity(64 * 1024, file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Kept::new()),
        Err(error) => return Err(error),
    };
    let mut kept = Kept::new();
    while let Some(entry) = next(&mut input)? {
        if !done.contains(entry.row) {
            kept.insert(entry.row, entry);
        }
    }
    Ok(kept)
}

/// Whether there is a file that no run has left: it begins with something else than a row.
///
/// # Errors
/// Those of the file system; a file that is not there is nobody's.
pub(super) fn is_foreign(path: &Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(2).read_to_end(&mut begin)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_sign = |byte: &u8| End::of_sign(char::from(*byte)).is_some();
    Ok(!begin.first().is_none_or(is_sign) || !begin.get(1).is_none_or(u8::is_ascii_digit))
}

/// The next row; `None` where it is not whole.
fn next(input: &mut impl BufRead) -> io::Result<Option<Entry>> {
    let mut head = String::new();
    match input.by_ref().take(JOURNAL_LINE_BYTES_MAX).read_line(&mut head) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => return Ok(None),
        Err(error) => return Err(error),
    }
    let Some((text, check)) = head.strip_suffix('\n').and_then(|head| head.rsplit_once('\t')) else { return Ok(None) };
    let Some((mut entry, length)) = parse_head(text) else { return Ok(None) };
    input.take(length).read_to_end(&mut entry.line)?;
    let is_whole = entry.line.len() as u64 == length && check_of(text, &entry.line) == check;
    Ok(is_whole.then_some(entry))
}

fn parse_head(text: &str) -> Option<(Entry, u64)> {
    let mut signs = text.chars();
    let end = End::of_sign(signs.next()?)?;
    let mut words = signs.as_str().split(' ');
    let row = words.next()?.parse().ok()?;
    let mark = u64::from_str_radix(words.next()?, 16).ok()?;
    let length = words.next()?.parse().ok()?;
    Some((Entry { row, mark, end, line: Vec::new() }, length))
}

fn push(entry: &Entry, bytes: &mut Vec<u8>) {
    let head = format!("{}{} {:x} {}", entry.end.sign(), entry.row, entry.mark, entry.line.len());
    bytes.extend_from_slice(format!("{head}\t{}\n", check_of(&head, &entry.line)).as_bytes());
    bytes.extend_from_slice(&entry.line);
}

fn check_of(head: &str, line: &[u8]) -> String {
    Mark::new().bytes(head.as_bytes()).bytes(line).to_check()
}

/// The file that is being written.
pub(super) struct Waiting {
    path: PathBuf,
    /// Nothing is there before the first row waits.
    file: Option<File>,
    length: u64,
    /// Bytes of rows that no longer wait, beyond which the file is written anew.
    past_max: u64,
    gathered: Vec<u8>,
}

impl Waiting {
    /// Begins with the rows of an earlier part of the run; what else was there is gone.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn begin(path: &Path, kept: &Kept) -> io::Result<Self> {
        let (path, past_max) = (path.to_owned(), WAITING_BYTES_PAST);
        let mut waiting = Waiting { path, file: None, length: 0, past_max, gathered: Vec::new() };
        match kept.is_empty() {
            true => waiting.remove()?,
            false => waiting.renew(kept.values())?,
        }
        Ok(waiting)
    }

    /// Adds the rows that have come to wait since the last time. Those of `kept` have not had their
    /// turn either.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn keep(&mut self, window: &mut Window<Entry>, kept: &Kept) -> io::Result<()> {
        self.gathered.clear();
        window.newly_held().for_each(|entry| push(entry, &mut self.gathered));
        if self.gathered.is_empty() {
            return Ok(());
        }
        let needed = window.bytes() + kept.values().map(Entry::size).sum::<usize>();
        if self.length > 2 * needed as u64 + self.past_max {
            return self.renew(window.held().chain(kept.values()));
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create(&self.path)?),
        };
        file.write_all(&self.gathered)?;
        self.length += self.gathered.len() as u64;
        Ok(())
    }

    /// Writes the file anew; a kill leaves the old one or the new one.
    fn renew<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>) -> io::Result<()> {
        let new = with_ending(&self.path, ".new");
        let mut file = BufWriter::new(File::create(&new)?);
        self.length = 0;
        for entry in entries {
            self.gathered.clear();
            push(entry, &mut self.gathered);
            file.write_all(&self.gathered)?;
            self.length += self.gathered.len() as u64;
        }
        self.file = Some(file.into_inner().map_err(io::IntoInnerError::into_error)?);
        fs::rename(&new, &self.path)
    }

    /// Removes the file, once no row waits.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.file = None;
        self.length = 0;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A path with something behind its name.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file of this process.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            Scratch(std::env::temp_dir().join(format!("capstan-waiting-{name}-{}", std::process::id())))
        }

        fn read(&self, bytes: &[u8], done: &Done) -> Vec<(u64, Vec<u8>)> {
            fs::write(&self.0, bytes).expect("the temporary folder is writable");
            let kept = read(&self.0, done).expect("the file is there");
            kept.into_values().map(|entry| (entry.row, entry.line)).collect()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0); // what is left does not matter
        }
    }

    fn entry(row: u64, line: &[u8]) -> Entry {
        Entry { row, mark: Mark::new().number(row).value(), end: End::Done, line: line.to_vec() }
    }

    #[test]
    fn every_beginning_is_rows_and_damage_ends_them() {
        let scratch = Scratch::new("prefix");
        let lines: [&[u8]; 4] = [b"{\"a\":1}\n", b"\n", b"+5 0 2\t00000000\nx\n", &[0xff, b'\n']];
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for (row, line) in (1..).zip(lines) {
            push(&entry(row, line), &mut bytes);
            ends.push(bytes.len());
        }
        let expected = |whole: usize| (1..).zip(lines).take(whole).map(|(row, line)| (row, line.to_vec()));
        for length in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= length).count();
            let found = scratch.read(&bytes[..length], &Done::default());
            assert_eq!(found, expected(whole).collect::<Vec<_>>(), "{length} bytes");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            let whole = ends.iter().filter(|end| **end <= at).count();
            let found = scratch.read(&damaged, &Done::default());
            assert_eq!(found, expected(whole).collect::<Vec<_>>(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn the_file_holds_what_waits(choices in proptest::collection::vec(any::<prop::sample::Index>(), 1..60)) {
            let scratch = Scratch::new("window");
            const ROWS: u64 = 8;
            let line = [b'x'; 100];
            let mut window = Window::ordered(ROWS);
            let mut waiting = Waiting::begin(&scratch.0, &Kept::new()).expect("the temporary folder is writable");
            waiting.past_max = 500;
            let (mut open, mut done) = (Vec::new(), Done::default());
            for choice in choices {
                while let Some(place) = window.begin() {
                    open.push(place);
                }
                let place = open.swap_remove(choice.index(open.len()));
                window.finish(place, entry(place + 1, &line)).iter().for_each(|entry| done.insert(entry.row));
                waiting.keep(&mut window, &Kept::new()).expect("the temporary folder is writable");
                let kept = read(&scratch.0, &done).expect("it is a file, or none");
                let held: Vec<u64> = window.held().map(|entry| entry.row).collect();
                prop_assert_eq!(kept.into_keys().collect::<Vec<_>>(), held);
                prop_assert!(waiting.length <= 2 * ROWS * 100 + waiting.past_max + ROWS * 200);
            }
        }
    }
}
