//! Paths of nothing but bare names (`$`, `$.data.total`), read without the parser. Nearly all paths
//! of capabilities are such, and a folder of files has thousands.

use super::SingularStep;

/// The steps of a plain path; `None` for any other, which may be valid all the same.
pub(super) fn steps(text: &str) -> Option<Vec<SingularStep>> {
    let names = text.strip_prefix('$')?;
    if names.is_empty() {
        return Some(Vec::new());
    }
    let step = |name: &str| is_shorthand(name).then(|| SingularStep::Name(name.to_owned()));
    names.strip_prefix('.')?.split('.').map(step).collect()
}

/// RFC 9535's `member-name-shorthand`.
pub(super) fn is_shorthand(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}
