//! `capstan.toml`: lasting changes to files that are not one's own.
//!
//! Found upward from the working directory; the user's configuration folder has a second one,
//! which the first wins over. The first may have come with somebody's project: where it changes
//! who is sent a credential, a note says so, and it cannot allow credentials over plain HTTP.
//! A table applies to a namespace or to files by name:
//!
//! ```toml
//! [namespace.kinde-organizations]
//! base-uri = "http://localhost:8080"
//! auth = "bearer:{{MY_TOKEN}}"
//! headers = { X-Team = "search" }
//!
//! [namespace.weather.authentication]
//! type = "basic"
//! username = "{{WEATHER_USER}}"
//!
//! [file."capabilities/*.yaml"]
//! timeout = "10s"
//! ```

mod document;

use std::collections::BTreeMap;
use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use capstan_engine::{AuthOverride, CallError};
use capstan_spec::diagnostic::Code;
use capstan_spec::{Amending, nearest, quantity};
use serde::Deserialize;

use crate::args::call::OverrideArgs;

const NAME: &str = "capstan.toml";

/// The keys of a settings file, for "did you mean".
const KEYS: [&str; 16] = [
    "namespace",
    "file",
    "base-uri",
    "auth",
    "headers",
    "query",
    "env-files",
    "insecure-http",
    "inferred-auth",
    "timeout",
    "connect-timeout",
    "max-response",
    "authentication",
    "tls",
    "resilience",
    "operations",
];

/// A settings file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// By namespace of a consumed API.
    #[serde(default)]
    namespace: BTreeMap<String, Entry>,
    /// By path of a capability file, relative to the settings file; `*` stands for anything.
    #[serde(default)]
    file: BTreeMap<String, Entry>,
}

/// What is changed. A credential may be in it, so that it cannot be printed with `{:?}`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Entry {
    /// The base URI.
    pub(crate) base_uri: Option<String>,
    /// The authentication, as `--auth` has it.
    pub(crate) auth: Option<String>,
    /// Headers that are set.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Query parameters that are set.
    #[serde(default)]
    pub(crate) query: BTreeMap<String, String>,
    /// Files of variables, relative to the settings file.
    #[serde(default)]
    pub(crate) env_files: Vec<PathBuf>,
    /// Whether credentials may travel over plain HTTP.
    pub(crate) insecure_http: Option<bool>,
    /// Whether an unused token is sent as a bearer token.
    pub(crate) inferred_auth: Option<bool>,
    /// Time for the whole call.
    pub(crate) timeout: Option<String>,
    /// Time to a connection.
    pub(crate) connect_timeout: Option<String>,
    /// Largest answer that is read.
    pub(crate) max_response: Option<String>,
    /// The document's own key, in place of the file's.
    pub(crate) authentication: Option<toml::Table>,
    /// How connections are made safe, in the document's own keys.
    pub(crate) tls: Option<toml::Table>,
    /// The document's own key, in place of the file's.
    #[expect(dead_code, reason = "the key is known; what it says is read with its places, see `document`")]
    pub(crate) resilience: Option<toml::Table>,
    /// The document's own keys of operations, by name.
    #[expect(dead_code, reason = "as above")]
    pub(crate) operations: Option<toml::Table>,
}

impl Entry {
    /// Takes from another entry what this one does not say.
    fn extend(&mut self, other: Entry) {
        fn fill<T>(mine: &mut Option<T>, other: Option<T>) {
            if mine.is_none() {
                *mine = other;
            }
        }
        let Entry {
            base_uri,
            auth,
            headers,
            query,
            env_files,
            insecure_http,
            inferred_auth,
            timeout,
            connect_timeout,
            max_response,
            authentication,
            tls,
            resilience: _, // the document model weighs these: see `amendings`
            operations: _,
        } = other;
        fill(&mut self.base_uri, base_uri);
        fill(&mut self.auth, auth);
        // Weighed by the document model; kept to tell that a credential is changed.
        fill(&mut self.authentication, authentication);
        fill(&mut self.tls, tls);
        fill(&mut self.insecure_http, insecure_http);
        fill(&mut self.inferred_auth, inferred_auth);
        fill(&mut self.timeout, timeout);
        fill(&mut self.connect_timeout, connect_timeout);
        fill(&mut self.max_response, max_response);
        for (name, value) in headers {
            if !self.headers.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
                self.headers.insert(name, value);
            }
        }
        for (name, value) in query {
            self.query.entry(name).or_insert(value);
        }
        self.env_files.extend(env_files);
    }

    /// Whether it changes the credential.
    fn says_who_calls(&self) -> bool {
        self.auth.is_some() || self.authentication.is_some() || self.tls.is_some()
    }

    fn check(&self, path: &Path) -> Result<(), CallError> {
        if let Some(Err(why)) = self.auth.as_deref().map(AuthOverride::parse) {
            return Err(bad(format!("`{}`: `auth`: {why}", path.display())));
        }
        let times = [("timeout", &self.timeout), ("connect-timeout", &self.connect_timeout)];
        for (key, text) in times {
            if let Some(Err(why)) = text.as_deref().map(quantity::time) {
                return Err(bad(format!("`{}`: `{key}`: {why}", path.display())));
            }
        }
        match self.max_response.as_deref().map(quantity::size) {
            Some(Err(why)) => Err(bad(format!("`{}`: `max-response`: {why}", path.display()))),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

/// The settings for an operation.
#[derive(Default)]
pub(crate) struct Found {
    /// What the project's file says, then what the user's file says.
    pub(crate) entry: Entry,
    project: Project,
}

/// What the file found upward says that decides where credentials go.
#[derive(Default)]
struct Project {
    path: PathBuf,
    base_uri: bool,
    auth: bool,
    insecure_http: bool,
}

impl Found {
    fn new(project: Option<(PathBuf, Entry)>, user: Entry) -> Self {
        let mut found = Found::default();
        if let Some((path, mut entry)) = project {
            let insecure_http = entry.insecure_http.take_if(|allowed| *allowed).is_some();
            found.project =
                Project { path, base_uri: entry.base_uri.is_some(), auth: entry.says_who_calls(), insecure_http };
            found.entry = entry;
        }
        found.entry.extend(user);
        found
    }

    /// What the project's file changes of where credentials go, unless flags change it again.
    pub(crate) fn note(&self, given: &OverrideArgs) -> Option<String> {
        let base_uri = self.project.base_uri && given.base_uri.is_none();
        let auth = self.project.auth && given.auth.is_none();
        let changed = match (base_uri, auth) {
            (true, true) => "`base-uri` and `auth`",
            (true, false) => "`base-uri`",
            (false, true) => "`auth`",
            (false, false) => return None,
        };
        Some(format!("`{}` changes {changed} of this call", self.project.path.display()))
    }

    /// Whether credentials may travel over plain HTTP, with the flag or without it.
    pub(crate) fn insecure_http(&self, flag: bool) -> Result<bool, CallError> {
        let is_allowed = flag || self.entry.insecure_http.unwrap_or(false);
        if is_allowed || !self.project.insecure_http {
            return Ok(is_allowed);
        }
        let path = self.project.path.display();
        let refused = bad(format!("`{path}`: `insecure-http` cannot be allowed by a file found upward"));
        let own = user_path().map_or_else(|| "your own settings file".to_owned(), |own| format!("`{}`", own.display()));
        Err(refused.with_help(format!("use the flag `--insecure-http`, or say it in {own}")))
    }
}

/// Finds the settings for an operation.
pub(crate) fn for_operation(file: &Path, namespace: &str) -> Result<Found, CallError> {
    let user_path = user_path();
    let project = match project_path(user_path.as_deref()) {
        Some(path) => Some(entry(&path, file, namespace)?).map(|entry| (path, entry)),
        None => None,
    };
    let user = user_path.map(|path| entry(&path, file, namespace)).transpose()?;
    Ok(Found::new(project, user.unwrap_or_default()))
}

/// The changes to the consumed APIs of a file, the most important first.
pub(crate) fn amendings(file: &Path) -> Result<Vec<Amending>, CallError> {
    let user_path = user_path();
    let paths = project_path(user_path.as_deref()).into_iter().chain(user_path);
    let mut amendings = Vec::new();
    for path in paths {
        let Some(text) = read(&path)? else { continue };
        parse(&path, &text)?; // all of it has to be sound
        let folder = path.parent().unwrap_or(Path::new(""));
        amendings.extend(document::amendings(&path, &text, |pattern| is_match(pattern, folder, file)));
    }
    Ok(amendings)
}

/// Whether a name, as messages call a file, is that of settings.
pub(crate) fn is_settings(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|last| last == NAME)
}

fn parse(path: &Path, text: &str) -> Result<Settings, CallError> {
    toml::from_str(text).map_err(|error| unreadable(path, text, &error))
}

/// What a settings file says of an operation.
fn entry(path: &Path, file: &Path, namespace: &str) -> Result<Entry, CallError> {
    let mut entry = Entry::default();
    let Some(text) = read(path)? else { return Ok(entry) };
    let settings = parse(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let by_namespace = settings.namespace.into_iter().filter(|(name, _)| name == namespace);
    let by_file = settings.file.into_iter().filter(|(pattern, _)| is_match(pattern, folder, file));
    for (_, mut found) in by_namespace.chain(by_file) {
        found.check(path)?;
        found.env_files.iter_mut().for_each(|f| *f = folder.join(&f));
        entry.extend(found);
    }
    Ok(entry)
}

/// The text of a settings file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, CallError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(bad(format!("`{}` cannot be read: {error}", path.display()))),
    }
}

/// The settings file that is nearest upward, unless it is the user's own.
fn project_path(user: Option<&Path>) -> Option<PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    let nearest = here.ancestors().map(|folder| folder.join(NAME)).find(|path| path.is_file());
    let user = user.and_then(|path| path.canonicalize().ok());
    nearest.filter(|path| user.is_none() || path.canonicalize().ok() != user)
}

/// The user's own settings file, whether there is one or not.
fn user_path() -> Option<PathBuf> {
    let config = env::var_os("XDG_CONFIG_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = env::home_dir().map(|home| home.join(".config"));
    config.or(home).map(|folder| folder.join("capstan").join(NAME))
}

fn bad(message: String) -> CallError {
    CallError::new(Code::BadSettings, message).with_help("see `capstan explain CAP0506`")
}

fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> CallError {
    let place = error.span().map(|span| {
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!(":{line}:{column}")
    });
    let message = error.message().lines().next().unwrap_or_default();
    let failed = bad(format!("`{}{}` cannot be used: {message}", path.display(), place.unwrap_or_default()));
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    match unknown.and_then(|(key, _)| nearest(key, KEYS)) {
        Some(near) => failed.with_help(format!("did you mean `{near}`?")),
        None => failed,
    }
}

/// Whether a pattern names a file. Both are taken from the folder of the settings.
fn is_match(pattern: &str, folder: &Path, file: &Path) -> bool {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let relative = absolute.strip_prefix(&folder).unwrap_or(&absolute);
    let name = relative.to_string_lossy();
    is_glob_match(pattern.trim_start_matches("./"), &name)
}

/// Whether a text fits a pattern in which `*` stands for anything.
fn is_glob_match(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |piece| rest.ends_with(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(is_glob_match("capabilities/*.yaml", "capabilities/kinde.yaml"));
        assert!(is_glob_match("*", "anything") && is_glob_match("a", "a") && is_glob_match("a*b*c", "a-b-b-c"));
        assert!(!is_glob_match("*.yml", "a.yaml") && !is_glob_match("a", "ab") && !is_glob_match("a*b", "ac"));
    }

    #[test]
    fn the_first_to_say_something_wins() {
        let mut near = Entry { base_uri: Some("near".to_owned()), ..Entry::default() };
        near.extend(Entry { base_uri: Some("far".to_owned()), auth: Some("none".to_owned()), ..Entry::default() });
        assert_eq!((near.base_uri.as_deref(), near.auth.as_deref()), (Some("near"), Some("none")));
    }

    fn project(entry: Entry) -> Option<(PathBuf, Entry)> {
        Some((PathBuf::from("capstan.toml"), entry))
    }

    #[test]
    fn plain_http_is_for_the_user_to_allow() {
        let allows = || Entry { insecure_http: Some(true), ..Entry::default() };
        let refused = Found::new(project(allows()), Entry::default());
        let error = refused.insecure_http(false).expect_err("the project cannot allow it");
        assert!(error.to_string().starts_with("`capstan.toml`: `insecure-http`"), "{error}");
        assert!(refused.insecure_http(true).is_ok_and(|allowed| allowed));
        assert!(Found::new(project(allows()), allows()).insecure_http(false).is_ok_and(|allowed| allowed));
        assert!(Found::new(None, Entry::default()).insecure_http(false).is_ok_and(|allowed| !allowed));
        let forbids = Entry { insecure_http: Some(false), ..Entry::default() };
        assert!(Found::new(project(forbids), allows()).insecure_http(false).is_ok_and(|allowed| !allowed));
    }

    #[test]
    fn a_credential_is_named_by_its_key_only() {
        let entry = Entry { auth: Some("token s3cret".to_owned()), ..Entry::default() };
        let error = entry.check(Path::new("capstan.toml")).expect_err("there is no such form");
        assert!(error.to_string().starts_with("`capstan.toml`: `auth`: expected"), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn unknown_keys_are_errors() {
        assert!(toml::from_str::<Settings>("[namespace.a]\nbase_uri = 'x'").is_err());
        assert!(toml::from_str::<Settings>("[namespace.a]\nbase-uri = 'x'").is_ok());
        let text = "[namespace.a]\nbase-url = 'x'";
        let error = toml::from_str::<Settings>(text).err().expect("there is no such key");
        let error = unreadable(Path::new("capstan.toml"), text, &error);
        assert!(error.to_string().starts_with("`capstan.toml:2:1`"), "{error}");
        assert!(error.help().iter().any(|help| help == "did you mean `base-uri`?"), "{:?}", error.help());
        for key in KEYS.into_iter().skip(2) {
            let error = toml::from_str::<Settings>(&format!("[namespace.a]\n{key} = 5.5")).err();
            assert!(error.is_some_and(|e| !e.message().starts_with("unknown")), "{key}");
        }
    }
}
