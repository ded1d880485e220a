//! Words that can be pasted into a POSIX shell.

use std::borrow::Cow;

/// A word as a POSIX shell takes it for itself.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    let control = word.contains(char::is_control);
    match word.split_once(":=").filter(|(name, _)| !control && name.chars().all(plain)) {
        Some((name, json)) => Cow::Owned(format!("{name}:='{}'", json.replace('\'', r"'\''"))),
        None => Cow::Owned(format!("'{}'", word.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them() {
        assert_eq!(quoted("code=org_1"), "code=org_1");
        assert_eq!(quoted("GET /a"), "'GET /a'");
        assert_eq!(quoted("a:=[1]"), "a:='[1]'");
        assert_eq!(quoted("$(x):=1"), "'$(x):=1'");
        assert_eq!(quoted(""), "''");
    }
}
