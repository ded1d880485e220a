//! The journal of a run: which rows are done, and how far the results and the failures reached then.
//!
//! A file of lines, each a text, a tab and a check of the text. The first names the run; then comes
//! a line for each row that is done, after its output was written:
//!
//! ```text
//! +17 1234 0 1f…   row 17 is done; from here the results have 1234 bytes and the failures none
//! -18 1234 99 2a…  row 18 has failed
//! end              there are no further rows
//! ```
//!
//! The last word is the sum of the marks of all rows that are done, whatever their order: it tells
//! on resuming whether the rows are still the same. Whatever a process is killed at, what it leaves
//! is a journal: a line that is not whole is as if it had never been begun, and bytes of results
//! beyond the last line are cut off.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::done::Done;
use super::limits::JOURNAL_LINE_BYTES_MAX;
use super::mark::Mark;

const FORM: &str = "capstan-journal-1";
const END: &str = "end";

/// What a run is: facts by what they are about. Two runs with the same facts are one.
pub(super) type Identity = BTreeMap<String, String>;

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// The rows that are done, those that failed among them.
    pub(super) done: Done,
    /// How many of them failed.
    pub(super) failed: u64,
    /// How many of those were not reached.
    pub(super) unreached: u64,
    /// Bytes of results.
    pub(super) results: u64,
    /// Bytes of failures.
    pub(super) failures: u64,
    /// The sum of the marks of the rows.
    pub(super) sum: u64,
    /// Whether there are no further rows.
    pub(super) is_over: bool,
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With outputs.
    Done,
    /// With an error.
    Failed,
    /// The upstream was not reached.
    Unreached,
}

impl End {
    /// The sign that a line of this end begins with.
    pub(super) fn sign(self) -> char {
        match self {
            End::Done => '+',
            End::Failed => '-',
            End::Unreached => '!',
        }
    }

    /// The end that a sign stands for.
    pub(super) fn of_sign(sign: char) -> Option<Self> {
        [End::Done, End::Failed, End::Unreached].into_iter().find(|end| end.sign() == sign)
    }
}

impl Reached {
    /// Takes note of a row, after its output was added to the lengths.
    pub(super) fn add(&mut self, row: u64, end: End, mark: u64) {
        self.done.insert(row);
        self.failed += u64::from(end != End::Done);
        self.unreached += u64::from(end == End::Unreached);
        self.sum = self.sum.wrapping_add(mark);
    }

    /// Adds the line of the row that was added last.
    pub(super) fn push_line(&self, row: u64, end: End, lines: &mut String) {
        let from = lines.len();
        lines.push(end.sign());
        for number in [row, self.results, self.failures] {
            lines.extend([itoa::Buffer::new().format(number), " "]);
        }
        write!(lines, "{:x}", self.sum).expect("a String takes any text");
        seal(lines, from);
    }

    /// Reads a line's text; `None` where it does not go on from here.
    fn read(&mut self, text: &str, lengths: Lengths) -> Option<()> {
        let end = End::of_sign(text.chars().next()?)?;
        let mut words = text.get(1..)?.split(' ');
        let row = words.next()?.parse().ok()?;
        let (results, failures) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let sum = u64::from_str_radix(words.next()?, 16).ok()?;
        let goes_on = results >= self.results && failures >= self.failures && !self.done.contains(row);
        // Files that are shorter than that have lost what the journal knows of, in a power cut.
        if !goes_on || results > lengths.results || failures > lengths.failures {
            return None;
        }
        self.add(row, end, 0);
        (self.results, self.failures, self.sum) = (results, failures, sum);
        Some(())
    }
}

/// Bytes that the files of a run have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    pub(super) results: u64,
    pub(super) failures: u64,
}

/// What a journal says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: the run was stopped before it had begun.
    Nothing,
    /// The run, how far it came, and the bytes that say so.
    Run(Identity, Reached, u64),
    /// It is no journal.
    Other,
}

/// Reads a journal, up to the first line that is not whole.
///
/// # Errors
/// Those of the reader.
pub(super) fn read(input: impl Read, lengths: Lengths) -> io::Result<Found> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut buffer = Vec::new();
    let Some(first) = next_line(&mut input, &mut buffer)? else {
        // Nothing else begins a journal but the line that was being written.
        let is_opening = OPENING.starts_with(&buffer) || buffer.starts_with(OPENING);
        let is_begun = is_opening && !buffer.ends_with(b"\n");
        return Ok(if is_begun { Found::Nothing } else { Found::Other });
    };
    let Some(identity) = parse_first(first) else { return Ok(Found::Other) };
    let mut read = buffer.len() as u64;
    let mut reached = Reached::default();
    while let Some(text) = next_line(&mut input, &mut buffer)? {
        reached.is_over = text == END;
        // The end is not a part of what a run goes on with: there may be new rows behind the others.
        if reached.is_over || reached.read(text, lengths).is_none() {
            break;
        }
        read += buffer.len() as u64;
    }
    Ok(Found::Run(identity, reached, read))
}

/// The text of the next line; `None` where it is not whole.
fn next_line<'b>(input: &mut impl BufRead, buffer: &'b mut Vec<u8>) -> io::Result<Option<&'b str>> {
    buffer.clear();
    input.take(JOURNAL_LINE_BYTES_MAX).read_until(b'\n', buffer)?;
    let Some(line) = buffer.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok()) else {
        return Ok(None);
    };
    Ok(line.rsplit_once('\t').filter(|(text, check)| *check == self::check(text)).map(|(text, _)| text))
}

/// A text as a line.
fn sealed(mut text: String) -> String {
    seal(&mut text, 0);
    text
}

/// Ends a line with the check of its text, which begins there.
fn seal(lines: &mut String, from: usize) {
    let check = check(&lines[from..]);
    lines.extend(["\t", &check, "\n"]);
}

fn check(text: &str) -> String {
    Mark::new().bytes(text.as_bytes()).to_check()
}

const OPENING: &[u8] = b"capstan-journal-1 {";

fn first_line(identity: &Identity) -> String {
    let facts = serde_json::to_string(identity).expect("texts can be written as JSON");
    sealed(format!("{FORM} {facts}"))
}

fn parse_first(text: &str) -> Option<Identity> {
    serde_json::from_str(text.strip_prefix(FORM)?).ok()
}

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    /// Begins a journal; what was there is gone.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn create(path: &Path, identity: &Identity) -> io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(first_line(identity).as_bytes())?;
        Ok(Journal { file })
    }

    /// Goes on with a journal behind its first bytes.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn reopen(path: &Path, length: u64) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        Ok(Journal { file })
    }

    /// Writes lines.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(&mut self, lines: &str) -> io::Result<()> {
        self.file.write_all(lines.as_bytes())
    }

    /// Writes that there are no further rows.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.write(&sealed(END.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Lengths = Lengths { results: u64::MAX, failures: u64::MAX };

    fn identity() -> Identity {
        [("operation", "shop.orders.get"), ("rows", "a\tb\n.csv")].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
    }

    /// A journal, and what was reached after each of its lines.
    fn sample(ends: &[(End, u8)]) -> (Vec<u8>, Vec<(usize, Reached)>) {
        let mut bytes = first_line(&identity()).into_bytes();
        let mut reached = Reached::default();
        let mut states = vec![(bytes.len(), reached.clone())];
        for (n, (end, size)) in ends.iter().enumerate() {
            // Neighbours change places, as they may where rows are not in order.
            let row = (n as u64 ^ 1) + 1;
            match end {
                End::Done => reached.results += u64::from(*size),
                End::Failed | End::Unreached => reached.failures += u64::from(*size),
            }
            reached.add(row, *end, Mark::new().number(row).value());
            let mut line = String::new();
            reached.push_line(row, *end, &mut line);
            bytes.extend(line.bytes());
            states.push((bytes.len(), reached.clone()));
        }
        (bytes, states)
    }

    fn ends() -> impl Strategy<Value = Vec<(End, u8)>> {
        let end = prop_oneof![Just(End::Done), Just(End::Failed), Just(End::Unreached)];
        proptest::collection::vec((end, 1..200_u8), 0..20)
    }

    proptest! {
        #[test]
        fn every_beginning_of_a_journal_is_one(ends in ends()) {
            let (bytes, states) = sample(&ends);
            for length in 0..=bytes.len() {
                let found = read(&bytes[..length], ALL).expect("a slice has no errors");
                let whole = states.iter().rev().find(|(end, _)| *end <= length);
                let expected = match whole {
                    None => Found::Nothing,
                    Some((end, reached)) => Found::Run(identity(), reached.clone(), *end as u64),
                };
                prop_assert_eq!(found, expected, "{} of {} bytes", length, bytes.len());
            }
        }

        #[test]
        fn a_damaged_line_and_what_follows_are_nothing(ends in ends(), at in any::<prop::sample::Index>(), bit in 0..8_u32) {
            let (mut bytes, states) = sample(&ends);
            let head = states[0].0;
            prop_assume!(bytes.len() > head);
            let at = head + at.index(bytes.len() - head);
            bytes[at] ^= 1_u8 << bit;
            let (end, reached) = states.iter().rev().find(|(end, _)| *end <= at).expect("the head is whole");
            let found = read(&bytes[..], ALL).expect("a slice has no errors");
            prop_assert_eq!(found, Found::Run(identity(), reached.clone(), *end as u64));
        }

        #[test]
        fn what_the_files_have_lost_is_not_done(ends in ends(), lost in 0..300_u64) {
            let (bytes, states) = sample(&ends);
            let results = states.last().expect("the head").1.results.saturating_sub(lost);
            let found = read(&bytes[..], Lengths { results, ..ALL }).expect("a slice has no errors");
            let Found::Run(_, reached, _) = found else { panic!("it is a journal") };
            let expected = states.iter().rev().find(|(_, reached)| reached.results <= results).expect("the head");
            prop_assert_eq!(reached, expected.1.clone());
        }
    }

    #[test]
    fn another_file_is_no_journal() {
        for text in
            ["{\"a\":1}\n{\"a\":2}\n", "x", "capstan-journal-2 {}\t00000000\n", "capstan-journal-1 {}\t00000000\n"]
        {
            assert_eq!(read(text.as_bytes(), ALL).expect("a slice has no errors"), Found::Other, "{text}");
        }
    }

    #[test]
    fn the_end_is_the_end() {
        let (mut bytes, _) = sample(&[(End::Done, 5)]);
        let rows = bytes.len();
        bytes.extend(sealed(END.to_owned()).bytes());
        let Found::Run(_, reached, length) = read(&bytes[..], ALL).expect("a slice has no errors") else {
            panic!("it is a journal")
        };
        assert!(reached.is_over && length == rows as u64);
    }
}
