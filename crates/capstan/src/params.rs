//! Parameters on the command line: `name=text`, `name:=json`, `name=@file`, `name:=@file`.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

/// Bytes of one file that is a parameter; a larger payload wants a stream, which this is not.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What is wrong with a parameter, and an example of how it is written.
pub(crate) struct BadParameter {
    pub(crate) message: String,
    pub(crate) help: String,
}

impl BadParameter {
    fn new(message: String, help: &str) -> Self {
        BadParameter { message, help: help.to_owned() }
    }
}

/// Reads parameters: those of `--params` first, single ones over them. A name that is given twice
/// makes a list.
pub(crate) fn read(all: Option<&str>, single: &[String]) -> Result<Map<String, Value>, BadParameter> {
    refuse_second_stdin(all, single)?;
    let mut params = match all {
        Some(text) => object(text)?,
        None => Map::new(),
    };
    let mut given: Map<String, Value> = Map::new();
    let mut lists: Vec<String> = Vec::new();
    for text in single {
        let (name, value) = parameter(text)?;
        match given.get_mut(&name) {
            // A first value that is an array itself is one value of the list.
            Some(Value::Array(list)) if lists.contains(&name) => list.push(value),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value]);
                lists.push(name);
            }
            None => {
                given.insert(name, value);
            }
        }
    }
    params.extend(given);
    Ok(params)
}

/// How many parameters are read from standard input.
pub(crate) fn stdin_readers(all: Option<&str>, single: &[String]) -> usize {
    let is_stdin = |text: &&String| text.split_once('=').is_some_and(|(_, value)| value == "@-");
    single.iter().filter(is_stdin).count() + usize::from(matches!(all, Some("-" | "@-")))
}

/// Standard input ends once: a second reader would get an empty text and not know it.
fn refuse_second_stdin(all: Option<&str>, single: &[String]) -> Result<(), BadParameter> {
    if stdin_readers(all, single) < 2 {
        return Ok(());
    }
    let message = "standard input is read by more than one parameter".to_owned();
    Err(BadParameter::new(message, "read the others from files: `name=@file`"))
}

/// The object of `--params`.
fn object(text: &str) -> Result<Map<String, Value>, BadParameter> {
    let json = match text.strip_prefix('@') {
        Some(path) => file(path)?,
        None if text == "-" => file("-")?,
        None => text.to_owned(),
    };
    match serde_json::from_str(&json) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(BadParameter::new(
            "`--params` is not a JSON object".to_owned(),
            "write `--params '{\"name\": \"value\"}'` or `--params @file`",
        )),
        Err(error) => Err(BadParameter::new(
            format!("`--params` is not JSON: {error}"),
            "write `--params '{\"name\": \"value\"}'`",
        )),
    }
}

/// One parameter. It is split at the first `=`; a `:` right before it says JSON.
fn parameter(text: &str) -> Result<(String, Value), BadParameter> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim_end_matches(':').is_empty()) else {
        return Err(BadParameter::new(
            format!("`{text}` is not a parameter"),
            "write `name=text`, `name:=json`, `name=@file` or `name:=@file`",
        ));
    };
    match name.strip_suffix(':') {
        Some(name) => Ok((name.to_owned(), json(name, value)?)),
        None => Ok((name.to_owned(), Value::String(text_value(value)?))),
    }
}

fn json(name: &str, value: &str) -> Result<Value, BadParameter> {
    let text = match value.strip_prefix('@') {
        Some(path) => file(path)?,
        None => value.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| {
        BadParameter::new(
            format!("the value of `{name}` is not JSON: {error}"),
            "for a text write `name=text`, with `=` alone",
        )
    })
}

fn text_value(value: &str) -> Result<String, BadParameter> {
    match value.strip_prefix('@') {
        Some(literal) if literal.starts_with('@') => Ok(literal.to_owned()),
        Some(path) => file(path).map(without_line_end),
        None => Ok(value.to_owned()),
    }
}

/// A text without the line end that editors put behind the last line, as `$(cat file)` has it.
fn without_line_end(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

/// The text of a file; `-` is standard input.
fn file(path: &str) -> Result<String, BadParameter> {
    let fail = |why: String| {
        BadParameter::new(format!("`{path}` cannot be read: {why}"), "for a text that begins with `@` write `@@`")
    };
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(Path::new(path)).and_then(|f| f.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fail(format!("it is larger than {} MiB", FILE_BYTES_MAX / (1024 * 1024))));
    }
    String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn read_all(single: &[&str]) -> Value {
        let single: Vec<String> = single.iter().map(|s| (*s).to_owned()).collect();
        match read(None, &single) {
            Ok(params) => Value::Object(params),
            Err(error) => panic!("{}", error.message),
        }
    }

    #[test]
    fn every_spelling() {
        assert_eq!(read_all(&["a=1", "b:=1", "c:={\"x\":[1]}"]), json!({"a": "1", "b": 1, "c": {"x": [1]}}));
        assert_eq!(
            read_all(&["filter[status]=open", "$top:=5", "a:b=c=d"]),
            json!({"filter[status]": "open", "$top": 5, "a:b": "c=d"})
        );
        assert_eq!(read_all(&["x=a", "x=b", "x=c"]), json!({"x": ["a", "b", "c"]}));
        assert_eq!(read_all(&["x:=[1]", "x:=[2]"]), json!({"x": [[1], [2]]}));
        assert_eq!(read_all(&["x=@@home", "y=", "z=a:=b"]), json!({"x": "@home", "y": "", "z": "a:=b"}));
    }

    #[test]
    fn what_is_no_parameter() {
        for bad in ["name", "=x", ":=x", "a:=no", "a=@/nowhere/at/all"] {
            assert!(read(None, &[bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(read(Some("[1]"), &[]).is_err());
        assert!(read(Some("-"), &["a=@-".to_owned()]).is_err());
    }
}
