//! Parameters on the command line: `name=text`, `name:=json`, `name=@file`, `name:=@file`.

use std::io::Read;
use std::path::Path;

use capstan_engine::{Attachment, CallError, Engine, Invocation, OperationId};
use serde_json::{Map, Value};

/// Bytes of one file that becomes a text, and of standard input: they are kept in memory. Files that
/// are sent as they are have no limit.
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

/// Parameters as they are given, before anybody knows which of their files are texts.
pub(crate) struct Given {
    params: Map<String, Value>,
    /// The paths behind `name=@path`, in order.
    files: Vec<(String, String)>,
}

/// Why parameters cannot be used.
pub(crate) enum Unusable {
    /// Their text.
    Parameter(BadParameter),
    /// A file among them.
    File(CallError),
}

impl Given {
    /// The parameters for an operation: a file that it takes as it is stays one, any other is read
    /// as text.
    pub(crate) fn put(
        self,
        invocation: Invocation,
        engine: &Engine,
        operation: OperationId,
    ) -> Result<Invocation, Unusable> {
        let (files, texts): (Vec<_>, Vec<_>) =
            self.files.into_iter().partition(|(name, _)| engine.takes_file(operation, name));
        let mut params = self.params;
        let mut read = Map::new();
        let mut lists = Vec::new();
        for (name, path) in texts {
            let text = file(&path).map(without_line_end).map_err(Unusable::Parameter)?;
            add(&mut read, &mut lists, name, Value::String(text));
        }
        params.extend(read);
        let mut invocation = invocation.params(params);
        for (name, path) in files {
            invocation = invocation.file(name, attachment(&path)?);
        }
        Ok(invocation)
    }
}

/// A file that is sent as it is. What has no size beforehand, a pipe for instance, is read now.
fn attachment(path: &str) -> Result<Attachment, Unusable> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
    if path == "-" || is_pipe {
        return bytes(path).map(Attachment::bytes).map_err(Unusable::Parameter);
    }
    Attachment::open(path).map_err(Unusable::File)
}

/// Reads parameters: those of `--params` first, single ones over them. A name that is given twice
/// makes a list.
pub(crate) fn read(all: Option<&str>, single: &[String]) -> Result<Given, BadParameter> {
    refuse_second_stdin(all, single)?;
    let mut params = match all {
        Some(text) => object(text)?,
        None => Map::new(),
    };
    let mut given: Map<String, Value> = Map::new();
    let mut lists: Vec<String> = Vec::new();
    let mut files = Vec::new();
    for text in single {
        match parameter(text)? {
            Parameter::Value(name, value) => add(&mut given, &mut lists, name, value),
            Parameter::File(name, path) => files.push((name, path)),
        }
    }
    if let Some((name, _)) = files.iter().find(|(name, _)| given.contains_key(name)) {
        let message = format!("`{name}` is given as a text and as a file");
        return Err(BadParameter::new(message, "give one of the two"));
    }
    params.extend(given);
    Ok(Given { params, files })
}

/// Adds a value; a second one of the same name makes a list, of which there are `lists`.
fn add(given: &mut Map<String, Value>, lists: &mut Vec<String>, name: String, value: Value) {
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

/// One parameter.
enum Parameter {
    /// A text, or JSON.
    Value(String, Value),
    /// The path of a file.
    File(String, String),
}

/// Reads one parameter. It is split at the first `=`; a `:` right before it says JSON.
fn parameter(text: &str) -> Result<Parameter, BadParameter> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim_end_matches(':').is_empty()) else {
        return Err(BadParameter::new(
            format!("`{text}` is not a parameter"),
            "write `name=text`, `name:=json`, `name=@file` or `name:=@file`",
        ));
    };
    match name.strip_suffix(':') {
        Some(name) => Ok(Parameter::Value(name.to_owned(), json(name, value)?)),
        None => Ok(match value.strip_prefix('@') {
            Some(literal) if literal.starts_with('@') => Parameter::Value(name.to_owned(), literal.into()),
            Some(path) => Parameter::File(name.to_owned(), path.to_owned()),
            None => Parameter::Value(name.to_owned(), value.into()),
        }),
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
    String::from_utf8(bytes(path)?).map_err(|_| unreadable(path, "it is not UTF-8 text"))
}

fn unreadable(path: &str, why: &str) -> BadParameter {
    BadParameter::new(format!("`{path}` cannot be read: {why}"), "for a text that begins with `@` write `@@`")
}

/// The bytes of a file; `-` is standard input.
fn bytes(path: &str) -> Result<Vec<u8>, BadParameter> {
    let mut bytes = Vec::new();
    let read = if path == "-" {
        std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(Path::new(path)).and_then(|f| f.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(path, &error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let why = format!("it is larger than {} MiB", FILE_BYTES_MAX / (1024 * 1024));
        return Err(unreadable(path, &why));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn read_all(single: &[&str]) -> Value {
        let single: Vec<String> = single.iter().map(|s| (*s).to_owned()).collect();
        match read(None, &single) {
            Ok(given) => Value::Object(given.params),
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
        for bad in ["name", "=x", ":=x", "a:=no", "a:=@/nowhere/at/all"] {
            assert!(read(None, &[bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(read(Some("[1]"), &[]).is_err());
        assert!(read(Some("-"), &["a=@-".to_owned()]).is_err());
    }
}
