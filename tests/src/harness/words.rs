//! Splits the line of a `run` section into arguments, much as a shell does.
//!
//! Blanks separate. Single quotes keep everything; double quotes know `\n`, `\r`, `\t`, `\"` and
//! `\\`. Braces mean nothing here: they are expanded later, when the servers have their ports.

/// The arguments in a text.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => quoted(&mut chars, word.get_or_insert_default())?,
            '"' => escaped(&mut chars, word.get_or_insert_default())?,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    for c in chars {
        match c {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
    Err("a single quote is never closed".to_owned())
}

fn escaped(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => word.push(escape(chars.next())?),
            c => word.push(c),
        }
    }
    Err("a double quote is never closed".to_owned())
}

fn escape(c: Option<char>) -> Result<char, String> {
    match c {
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some(c @ ('"' | '\\')) => Ok(c),
        Some(c) => Err(format!("`\\{c}` means nothing between double quotes")),
        None => Err("a backslash at the end".to_owned()),
    }
}
