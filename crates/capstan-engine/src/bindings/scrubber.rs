//! Takes every secret out of a text, in whatever encoding it stands there.
//!
//! An automaton holds all secrets and their base64 forms. It runs over the text and over each
//! [`View`] of it, two decodings deep (a JSON object in a query is both), and every match leads
//! back to a range of the text, which its mask replaces.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::Secret;
use super::view::{Decoding, View};
use crate::limits;

/// Takes every secret out of a text and puts its mask `{{NAME}}` there.
///
/// Finds a secret as it is, percent-encoded (in either case, `%20` or `+`), base64-encoded
/// (standard and URL-safe, at each alignment within a longer text), with the escapes of JSON,
/// HTML and XML, and in two of these one inside the other. Secrets of fewer than
/// [`limits::SCRUBBED_CHARS_MIN`] characters would match everywhere and are left alone.
/// Where secrets overlap, the longest gives the mask and everything that belongs to any of
/// them goes.
///
/// Secrets that come later, such as tokens that a call fetched, can be [added](Scrubber::add).
pub struct Scrubber {
    bound: Set,
    /// Swapped whole when a secret is added; few are, and each text is looked through often.
    later: RwLock<Arc<Later>>,
}

/// Secrets that are looked for together.
struct Set {
    /// `None` when there is nothing to look for.
    automata: Option<Automata>,
    patterns: Vec<Pattern>,
    masks: Vec<String>,
}

/// The secrets that were added, in order.
struct Later {
    lasting: Vec<(String, Secret)>,
    passing: Vec<(String, Secret)>,
    set: Set,
}

/// Two automata over the same patterns.
struct Automata {
    /// Tells whether there is a match, many times faster than the other tells where.
    detector: AhoCorasick,
    /// Finds all matches, overlapping ones too.
    finder: AhoCorasick,
}

/// What the automata's pattern of the same index stands for.
struct Pattern {
    mask: usize,
    /// Base64 characters on either side that hold a part of the secret besides a neighbour's.
    partial_before: bool,
    partial_after: bool,
}

/// A range of the outermost text that goes, and the mask that replaces it.
struct Hit<'s> {
    range: Range<usize>,
    mask: &'s str,
}

impl Scrubber {
    /// A scrubber for secrets by the names that their masks show.
    pub fn new(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let later = Later { lasting: Vec::new(), passing: Vec::new(), set: Set::new(&[]) };
        Scrubber { bound: Set::new(&secrets.into_iter().collect::<Vec<_>>()), later: RwLock::new(Arc::new(later)) }
    }

    /// Looks for one more secret from now on, which others take the place of in time: a token. Of
    /// more than [`limits::LATER_SECRETS_MAX`] of one name the oldest are forgotten.
    pub fn add(&self, name: &str, secret: &Secret) {
        self.extend(
            |later| {
                later.passing.push((name.to_owned(), secret.clone()));
                let mut surplus = later.passing.iter().filter(|(known, _)| known == name).count();
                later.passing.retain(|(known, _)| {
                    let is_surplus = known == name && surplus > limits::LATER_SECRETS_MAX;
                    surplus -= usize::from(is_surplus);
                    !is_surplus
                });
            },
            secret,
        );
    }

    /// Looks for one more secret from now on and as long as the scrubber lives: a key. There are as
    /// many as a document names.
    pub fn keep(&self, name: &str, secret: &Secret) {
        self.extend(|later| later.lasting.push((name.to_owned(), secret.clone())), secret);
    }

    fn extend(&self, add: impl FnOnce(&mut Later), secret: &Secret) {
        // Held to the end: of two that come at once none may get lost.
        let mut known = self.later.write().unwrap_or_else(PoisonError::into_inner);
        if known.lasting.iter().chain(&known.passing).any(|(_, known)| known == secret) {
            return;
        }
        let (lasting, passing) = (known.lasting.clone(), known.passing.clone());
        let mut later = Later { lasting, passing, set: Set::new(&[]) };
        add(&mut later);
        later.set = Set::new(&[later.lasting.as_slice(), later.passing.as_slice()].concat());
        *known = Arc::new(later);
    }

    fn later(&self) -> Arc<Later> {
        self.later.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The text without secrets; borrowed when it held none.
    pub fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.scrub_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // Whole characters are replaced, so this is UTF-8 again; were it not, a mended
            // text is better than a secret or a panic.
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The same for bytes that may not be text.
    pub fn scrub_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let later = self.later();
        let mut hits = Vec::new();
        self.bound.search(bytes, &mut hits);
        later.set.search(bytes, &mut hits);
        if hits.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut done = 0;
        for hit in merge(hits) {
            clean.extend_from_slice(&bytes[done..hit.range.start]);
            clean.extend_from_slice(hit.mask.as_bytes());
            done = hit.range.end;
        }
        clean.extend_from_slice(&bytes[done..]);
        Cow::Owned(clean)
    }
}

impl Set {
    fn new(secrets: &[(String, Secret)]) -> Self {
        let mut builder = Builder::default();
        for (name, secret) in secrets {
            builder.add(name, secret.expose());
        }
        builder.build()
    }

    fn search<'s>(&'s self, bytes: &[u8], hits: &mut Vec<Hit<'s>>) {
        if let Some(automata) = &self.automata {
            self.look(automata, &View::plain(bytes), limits::SCRUBBED_DECODINGS_MAX, hits);
        }
    }

    fn look<'s>(&'s self, automata: &Automata, view: &View<'_>, depth: usize, hits: &mut Vec<Hit<'s>>) {
        if automata.detector.is_match(&*view.bytes) {
            self.collect(&automata.finder, view, hits);
        }
        if depth == 0 {
            return;
        }
        for decoded in Decoding::ALL.iter().filter_map(|decoding| view.decoded(*decoding)) {
            self.look(automata, &decoded, depth - 1, hits);
        }
    }

    fn collect<'s>(&'s self, finder: &AhoCorasick, view: &View<'_>, hits: &mut Vec<Hit<'s>>) {
        for found in finder.find_overlapping_iter(&*view.bytes) {
            let pattern = &self.patterns[found.pattern().as_usize()];
            let range = pattern.widen(&view.bytes, found.range());
            let range = view.origin(range.start)..view.origin(range.end);
            push(hits, Hit { range, mask: &self.masks[pattern.mask] });
        }
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber").field("masks", &self.bound.masks).finish_non_exhaustive()
    }
}

impl Pattern {
    fn widen(&self, bytes: &[u8], range: Range<usize>) -> Range<usize> {
        let before = range.start.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(range.end);
        let start = range.start - usize::from(self.partial_before && before.is_some_and(is_base64));
        let end = range.end + usize::from(self.partial_after && after.is_some_and(is_base64));
        start..end
    }
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Keeps a hit. One that overlaps the last of the same secret extends it, so that a secret
/// like `aaaa` cannot fill the memory with a hit for each byte of a long row of them.
fn push<'s>(hits: &mut Vec<Hit<'s>>, hit: Hit<'s>) {
    match hits.last_mut() {
        Some(last) if last.mask == hit.mask && last.range.contains(&hit.range.start) => {
            last.range.end = last.range.end.max(hit.range.end);
        }
        _ => hits.push(hit),
    }
}

/// Joins overlapping hits; the longest gives the mask of all.
fn merge(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    hits.sort_by_key(|hit| (hit.range.start, usize::MAX - hit.range.end));
    let mut merged: Vec<Hit<'_>> = Vec::with_capacity(hits.len());
    let mut longest = 0;
    for hit in hits {
        match merged.last_mut() {
            Some(last) if hit.range.start < last.range.end => {
                if hit.range.len() > longest {
                    (longest, last.mask) = (hit.range.len(), hit.mask);
                }
                last.range.end = last.range.end.max(hit.range.end);
            }
            _ => {
                longest = hit.range.len();
                merged.push(hit);
            }
        }
    }
    merged
}

#[derive(Default)]
struct Builder {
    texts: Vec<Vec<u8>>,
    patterns: Vec<Pattern>,
    masks: Vec<String>,
}

impl Builder {
    fn add(&mut self, name: &str, secret: &str) {
        if secret.chars().count() < limits::SCRUBBED_CHARS_MIN {
            return;
        }
        self.masks.push(format!("{{{{{name}}}}}"));
        self.pattern(secret.as_bytes().to_vec(), false, false);
        let lower = secret.to_ascii_lowercase();
        if lower != secret {
            // A host is written in lower case whatever the variable said.
            self.pattern(lower.into_bytes(), false, false);
        }
        if secret.contains(' ') {
            // As forms write it; the rest of a form's encoding is undone by its view.
            self.pattern(secret.replace(' ', "+").into_bytes(), false, false);
        }
        for alignment in 0..3 {
            self.base64(secret.as_bytes(), alignment);
        }
    }

    /// The base64 characters that a secret alone decides when it begins `alignment` bytes
    /// after the start of a group of three.
    fn base64(&mut self, secret: &[u8], alignment: usize) {
        let shifted = [&b"\0\0"[..alignment], secret].concat();
        let first = (alignment * 8).div_ceil(6);
        let last = shifted.len() * 8 / 6;
        let (partial_before, partial_after) = (alignment != 0, !(shifted.len() * 8).is_multiple_of(6));
        let standard = STANDARD_NO_PAD.encode(&shifted);
        let url_safe = URL_SAFE_NO_PAD.encode(&shifted);
        if url_safe[first..last] != standard[first..last] {
            self.pattern(url_safe[first..last].into(), partial_before, partial_after);
        }
        self.pattern(standard[first..last].into(), partial_before, partial_after);
    }

    fn pattern(&mut self, text: Vec<u8>, partial_before: bool, partial_after: bool) {
        self.texts.push(text);
        self.patterns.push(Pattern { mask: self.masks.len() - 1, partial_before, partial_after });
    }

    fn build(self) -> Set {
        // Of all kinds these are built fastest, and most calls scrub a few short texts only.
        let automaton = |kind, matches| {
            AhoCorasick::builder()
                .kind(Some(kind))
                .match_kind(matches)
                .build(&self.texts)
                .expect("secrets of a few megabytes together do not exhaust the automaton's ids")
        };
        let automata = (!self.texts.is_empty()).then(|| Automata {
            detector: automaton(AhoCorasickKind::ContiguousNFA, MatchKind::LeftmostFirst),
            finder: automaton(AhoCorasickKind::NoncontiguousNFA, MatchKind::Standard),
        });
        Set { automata, patterns: self.patterns, masks: self.masks }
    }
}

#[cfg(test)]
mod tests;
