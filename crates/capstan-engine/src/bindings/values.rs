//! The values that a binding's file gives, flat.

use std::collections::HashMap;
use std::path::Path;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::structured::{self, Problem};
use super::{BindingError, dotenv, properties};

/// The values that a binding's file gives, in the order of the file.
///
/// Nested keys are joined with dots (`kinde.token`), items of lists are counted from zero
/// (`hosts.0`), and every scalar keeps the spelling of the file: `0.10` and `007` are not
/// numbers here. A null is no value.
#[derive(Clone, Default)]
pub struct Values(IndexMap<String, String>);

#[derive(Clone, Copy)]
enum Form {
    Yaml,
    Json,
    Dotenv,
    Properties,
}

impl Values {
    /// Reads a file by the form that its name tells: `.yaml`, `.yml`, `.json`, `.properties`,
    /// `.env` or `.env.something`. Under any other name it is JSON, YAML or dotenv, the first
    /// that fits. Fails with `BindingFile`, naming the line where it is known, never a value.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Values, BindingError> {
        let fail = |problem| failure(path, problem);
        let text = std::str::from_utf8(bytes).map_err(|_| fail(plain_problem("it is not UTF-8")))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match form(path) {
            Some(form) => read(form, text).map(Values).map_err(fail),
            None => guess(text).map(Values).map_err(fail),
        }
    }

    /// The value of a variable: `TOKEN`, or `kinde.token` for a nested one.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All pairs, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The pairs as a map: what [`MapEnvironment`](super::MapEnvironment) takes.
    pub fn into_map(self) -> IndexMap<String, String> {
        self.0
    }
}

impl std::fmt::Debug for Values {
    /// Names only: every value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Pairs on their way into [`Values`], each with the depth at which it stood.
///
/// A literal key `a.b` and a nested `a: {b: …}` come to the same name; the one with fewer
/// levels wins, whatever the order. At the same depth a name may stand once.
#[derive(Default)]
pub(super) struct Pairs {
    values: IndexMap<String, String>,
    depths: HashMap<String, usize>,
}

impl Pairs {
    /// Adds a value; false when its place has one already.
    pub(super) fn insert(&mut self, place: &[String], value: String) -> bool {
        let name = place.join(".");
        let depth = place.len();
        match self.values.entry(name.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(mut entry) => match self.depths.get(&name) {
                Some(known) if *known == depth => return false,
                Some(known) if *known < depth => return true,
                _ => {
                    entry.insert(value);
                }
            },
        }
        self.depths.insert(name, depth);
        true
    }
}

fn form(path: &Path) -> Option<Form> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    match extension {
        Some("yaml" | "yml") => Some(Form::Yaml),
        Some("json") => Some(Form::Json),
        Some("properties") => Some(Form::Properties),
        Some("env") => Some(Form::Dotenv),
        _ if name.starts_with(".env") => Some(Form::Dotenv),
        _ => None,
    }
}

fn read(form: Form, text: &str) -> Result<IndexMap<String, String>, Problem> {
    match form {
        Form::Yaml => structured::yaml(text).map(|pairs| pairs.values),
        Form::Json => structured::json(text).map(|pairs| pairs.values),
        Form::Dotenv => dotenv::parse(text).map(IndexMap::from_iter).map_err(line_problem),
        Form::Properties => properties::parse(text).map(IndexMap::from_iter).map_err(line_problem),
    }
}

fn guess(text: &str) -> Result<IndexMap<String, String>, Problem> {
    let forms = [Form::Json, Form::Yaml, Form::Dotenv];
    let fitting = forms.into_iter().find_map(|form| read(form, text).ok());
    fitting.ok_or_else(|| plain_problem("it is neither JSON nor YAML nor of the form `NAME=value`"))
}

fn plain_problem(message: &str) -> Problem {
    Problem { line: None, message: message.to_owned() }
}

fn line_problem((line, message): (usize, &'static str)) -> Problem {
    Problem { line: Some(line), message: message.to_owned() }
}

fn failure(path: &Path, problem: Problem) -> BindingError {
    let place = match problem.line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    };
    BindingError::file(format!("the binding file `{place}` cannot be read: {}", problem.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(name: &str, text: &str) -> Result<Values, BindingError> {
        Values::parse(Path::new(name), text.as_bytes())
    }

    #[track_caller]
    fn check(name: &str, text: &str, pairs: &[(&str, &str)]) {
        let values = parse(name, text).expect("the file is well formed");
        assert_eq!(values.iter().collect::<Vec<_>>(), pairs);
    }

    #[test]
    fn yaml_scalars_keep_their_spelling() {
        let text = "---\nA: 0.10\nB: 007\nC: no\nD: 2022-06-28\nE: \"x\\ny\"\nF: |\n  block\n\
                    G: ~\nH:\nI: ''\nkinde:\n  token: t\n  hosts: [a, {b: 1e3}]\n";
        let pairs = [
            ("A", "0.10"),
            ("B", "007"),
            ("C", "no"),
            ("D", "2022-06-28"),
            ("E", "x\ny"),
            ("F", "block\n"),
            ("I", ""),
            ("kinde.token", "t"),
            ("kinde.hosts.0", "a"),
            ("kinde.hosts.1.b", "1e3"),
        ];
        check("secrets.yaml", text, &pairs);
        check("secrets.YML", "", &[]);
    }

    #[test]
    fn json_scalars_keep_their_spelling() {
        let text = r#"{"A": 0.10, "B": 12345678901234567890123, "C": true, "D": "x\ny", "E": null,
                       "kinde": {"token": "t", "hosts": ["a", {"b": 1e3}]}}"#;
        let pairs = [
            ("A", "0.10"),
            ("B", "12345678901234567890123"),
            ("C", "true"),
            ("D", "x\ny"),
            ("kinde.token", "t"),
            ("kinde.hosts.0", "a"),
            ("kinde.hosts.1.b", "1e3"),
        ];
        check("secrets.json", text, &pairs);
    }

    #[test]
    fn the_name_tells_the_form() {
        check(".env", "A=1", &[("A", "1")]);
        check(".env.local", "A=1", &[("A", "1")]);
        check("prod.env", "A=1", &[("A", "1")]);
        check("a.properties", "a.b: 1", &[("a.b", "1")]);
        check("secrets", "{\"A\": 1}", &[("A", "1")]);
        check("secrets", "A: 1", &[("A", "1")]);
        check("secrets", "A=1\nB=2", &[("A", "1"), ("B", "2")]);
    }

    #[test]
    fn a_literal_dotted_key_wins_over_a_nested_one() {
        check("a.yaml", "a: {b: nested}\na.b: literal\n", &[("a.b", "literal")]);
        check("a.yaml", "a.b: literal\na: {b: nested}\n", &[("a.b", "literal")]);
        check(".env", "A=1\nA=2", &[("A", "2")]);
    }

    #[test]
    fn problems_name_file_and_line_but_no_value() {
        for (name, text, expected) in [
            ("a.yaml", "A: 1\nB: [hunter2\n", "a.yaml"),
            ("a.yaml", "A: 1\nA: hunter2\n", "a.yaml:2` cannot be read: `A` stands twice"),
            ("a.yaml", "A: &x hunter2\nB: *x\n", "a.yaml:2` cannot be read: aliases"),
            ("a.yaml", "- hunter2\n", "a.yaml:1` cannot be read: expected a mapping"),
            ("a.json", "{\"A\": 1,\n\"B\": hunter2}", "a.json:2` cannot be read: it is not JSON"),
            ("a.json", "[\"hunter2\"]", "a.json:1` cannot be read: expected an object"),
            (".env", "A=1\nhunter2", ".env:2` cannot be read: expected `NAME=value`"),
            ("a.properties", "A=hunter2\\u12", "a.properties:1` cannot be read: `\\u` needs"),
            ("secrets", "hunter2", "secrets` cannot be read: it is neither"),
        ] {
            let error = parse(name, text).expect_err("the file is malformed");
            assert!(error.message.contains(expected), "{}", error.message);
            assert!(!error.message.contains("hunter2"), "{}", error.message);
        }
        let error = Values::parse(Path::new(".env"), b"A=\xff").expect_err("it is not UTF-8");
        assert!(error.message.ends_with("it is not UTF-8"), "{}", error.message);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000);
        for name in ["a.json", "a.yaml"] {
            assert!(parse(name, &deep).is_err(), "{name}");
            assert!(parse(name, &"[".repeat(100_000)).is_err(), "{name}");
        }
    }

    #[test]
    fn debug_shows_names_only() {
        let values = parse(".env", "KEY=hunter2").expect("the file is well formed");
        assert_eq!(format!("{values:?}"), "{\"KEY\"}");
    }

    proptest! {
        #[test]
        fn json_strings_come_back(value in any::<String>()) {
            let text = serde_json::json!({"a": {"b": value}}).to_string();
            let values = parse("x.json", &text).expect("serde_json writes JSON");
            prop_assert_eq!(values.get("a.b"), Some(value.as_str()));
        }

        #[test]
        fn no_text_panics(text in r#"[a:{}\[\]"'=\\ \n#&*|-]{0,30}"#, n in 0usize..5) {
            let name = ["a.yaml", "a.json", ".env", "a.properties", "a"][n];
            let _ = parse(name, &text); // Only that it returns.
        }
    }
}
