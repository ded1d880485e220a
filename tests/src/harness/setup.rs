//! What the sections of a case mean: files, environment, server, and runs with expectations.
//!
//! `tests/README.md` lists the heads; an unknown head is an error, so that a slip of the pen
//! never turns a check off.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::case::{Case, Section};
use super::{generate, words};
use crate::emulator::given::Given;
use crate::emulator::kinde::Preset;

/// A case, understood.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) files: Vec<File>,
    /// What `{capability}` stands for.
    pub(crate) capability: String,
    pub(crate) env: Vec<(String, String)>,
    /// Values that must never show.
    pub(crate) secrets: Vec<String>,
    pub(crate) leaks_ok: bool,
    pub(crate) server: Option<Upstream>,
    pub(crate) runs: Vec<Run>,
}

/// A file that lies in the folder before the first run.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content: Content,
}

/// Where the bytes of a file come from.
#[derive(Debug)]
pub(crate) enum Content {
    /// The section itself, expanded.
    Text(String),
    /// A file of the repository, byte for byte.
    Copy(PathBuf),
    /// A recipe of [`generate`], for what is too large to write down.
    Generated(generate::Recipe),
}

/// Who answers at `{server}`.
#[derive(Debug)]
pub(crate) enum Upstream {
    Kinde(Preset),
    Echo,
    Quiet,
    Chaos,
    Deaf,
    Lists,
    Streams,
    /// What the case wrote down.
    Given(Vec<Given>),
    OAuth,
    Cached,
    /// Behind TLS, for those who show a certificate.
    Mtls,
    /// HTTP/2, behind TLS.
    Http2,
}

/// One call of the binary.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) section: usize,
    pub(crate) arguments: Vec<String>,
    pub(crate) stdin: Option<String>,
    /// When Ctrl-C is pressed.
    pub(crate) interrupt: Option<Duration>,
    pub(crate) expects: Vec<Expect>,
    /// `diagnose`: the marks of this section's text are expected, and no other diagnostics.
    pub(crate) marked: Option<String>,
}

/// One expectation; its text is the section's body.
#[derive(Debug)]
pub(crate) struct Expect {
    pub(crate) section: usize,
    pub(crate) what: What,
}

/// What is compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// `?` until the update writes what it is.
    Exit(Option<i32>),
    Text(Stream, Mode),
    /// How many requests the server saw.
    Requests(usize),
    /// How many the other origin saw.
    OtherRequests(usize),
    Diagnostics,
}

/// A text that a run leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
    Request,
    Other,
    /// The body of the last request that the server saw.
    Body,
    /// A file that the runs made or changed.
    File(String),
}

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The same text; the update writes it.
    Exact,
    /// Each line occurs somewhere.
    Contains,
    /// No line occurs anywhere.
    Lacks,
    /// Nothing at all, or no such file.
    Empty,
    /// The same JSON value; the update writes it.
    Json,
    /// JSON that has at least these members.
    Subset,
}

impl Setup {
    pub(crate) fn new(case: &Case) -> Result<Setup, String> {
        let mut setup = Setup::default();
        for (index, section) in case.sections.iter().enumerate() {
            let read = setup.read(index, section);
            read.map_err(|problem| format!("{}: {problem}", case.place(index)))?;
        }
        if setup.runs.is_empty() {
            return Err(format!("{}: nothing is run", case.path().display()));
        }
        Ok(setup)
    }

    fn read(&mut self, index: usize, section: &Section) -> Result<(), String> {
        let (word, rest) = section.head.split_once(' ').unwrap_or((&section.head, ""));
        let text = || Content::Text(format!("{}\n", section.body));
        match word {
            "capability" => self.add_capability("capability.yaml", text()),
            "capability-file" => {
                let name = rest.rsplit('/').next().unwrap_or(rest);
                self.add_capability(name, Content::Copy(repository().join(rest)));
            }
            "file" => self.add_file(rest, text()),
            "copy" => {
                let (from, to) = rest.split_once(' ').ok_or("`copy` wants PATH and NAME")?;
                self.add_file(to.trim(), Content::Copy(repository().join(from)));
            }
            "generate" => {
                let (name, recipe) = rest.split_once(' ').ok_or("`generate` wants NAME, recipe")?;
                self.add_file(name, Content::Generated(generate::Recipe::parse(recipe)?));
                self.capability = name.to_owned();
            }
            "env" => self.add_variables(&section.body)?,
            "secrets" => self.secrets.extend(section.body.lines().map(str::to_owned)),
            "leaks" if rest == "ok" => self.leaks_ok = true,
            "note" => {}
            "server" => self.server = Some(upstream(rest, &section.body)?),
            "answer" => self.add_answer(answer(rest, &section.body)?)?,
            "run" => self.add_run(index, words::split(&format!("{rest} {}", section.body))?),
            "diagnose" => self.add_diagnose(index)?,
            "stdin" => self.last_run()?.stdin = Some(format!("{}\n", section.body)),
            "interrupt" => {
                let after_ms = rest.parse().map_err(|_| format!("`{rest}` is no time in ms"))?;
                self.last_run()?.interrupt = Some(Duration::from_millis(after_ms));
            }
            "expect" => {
                let what = expectation(rest)?;
                self.last_run()?.expects.push(Expect { section: index, what });
            }
            _ => return Err(format!("no section is called `{word}`")),
        }
        Ok(())
    }

    fn add_capability(&mut self, name: &str, content: Content) {
        self.capability = name.to_owned();
        self.add_file(name, content);
    }

    fn add_file(&mut self, name: &str, content: Content) {
        self.files.push(File { name: name.to_owned(), content });
    }

    fn add_variables(&mut self, lines: &str) -> Result<(), String> {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once('=').ok_or_else(|| format!("`{line}` has no `=`"))?;
            let (name, value) = (name.trim(), value.trim());
            if let Some(name) = name.strip_suffix('!') {
                self.secrets.push(value.to_owned());
                self.env.push((name.to_owned(), value.to_owned()));
            } else {
                self.env.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(())
    }

    fn add_answer(&mut self, answer: Given) -> Result<(), String> {
        match self.server.get_or_insert_with(|| Upstream::Given(Vec::new())) {
            Upstream::Given(answers) => answers.push(answer),
            Upstream::Kinde(_)
            | Upstream::Echo
            | Upstream::Quiet
            | Upstream::Chaos
            | Upstream::Deaf
            | Upstream::Lists
            | Upstream::Streams
            | Upstream::OAuth
            | Upstream::Cached
            | Upstream::Mtls
            | Upstream::Http2 => {
                return Err("a server that answers by itself takes no answers".to_owned());
            }
        }
        Ok(())
    }

    fn add_run(&mut self, section: usize, arguments: Vec<String>) {
        let (stdin, interrupt) = (None, None);
        let run = Run { section, arguments, stdin, interrupt, expects: Vec::new(), marked: None };
        self.runs.push(run);
    }

    fn add_diagnose(&mut self, section: usize) -> Result<(), String> {
        let words = ["validate", "--format", "json", "{capability}"].map(str::to_owned);
        self.add_run(section, words.to_vec());
        let named = self.files.iter().find(|file| file.name == self.capability);
        let marked = match named.map(|file| &file.content) {
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Copy(_) | Content::Generated(_)) => String::new(),
            None => return Err("nothing to diagnose".to_owned()),
        };
        self.last_run()?.marked = Some(marked);
        Ok(())
    }

    fn last_run(&mut self) -> Result<&mut Run, String> {
        self.runs.last_mut().ok_or_else(|| "no run stands before this section".to_owned())
    }
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ lies in the repository").to_owned()
}

fn upstream(kind: &str, body: &str) -> Result<Upstream, String> {
    match kind {
        "kinde" => Preset::parse(body).map(Upstream::Kinde),
        "echo" => Ok(Upstream::Echo),
        "quiet" => Ok(Upstream::Quiet),
        "chaos" => Ok(Upstream::Chaos),
        "deaf" => Ok(Upstream::Deaf),
        "oauth" => Ok(Upstream::OAuth),
        "streams" => Ok(Upstream::Streams),
        "lists" => Ok(Upstream::Lists),
        "mtls" => Ok(Upstream::Mtls),
        "http2" => Ok(Upstream::Http2),
        "cached" => Ok(Upstream::Cached),
        _ => Err(format!("no server is called `{kind}`")),
    }
}

/// `PATH STATUS MEDIA-TYPE`, and the body as it is below it; with `base64` or `latin1` before the
/// media type, what it stands for, with `file NAME` the bytes of a file of the repository.
fn answer(head: &str, body: &str) -> Result<Given, String> {
    let (path, rest) = head.split_once(' ').ok_or("`answer` wants PATH STATUS MEDIA-TYPE")?;
    let (status, rest) = rest.split_once(' ').ok_or("`answer` wants PATH STATUS MEDIA-TYPE")?;
    let status = status.parse().map_err(|_| format!("`{status}` is no status"))?;
    let (media_type, body) = match rest.split_once(' ').unwrap_or((rest, "")) {
        ("base64", media_type) => {
            let text: String = body.split_whitespace().collect();
            (media_type, STANDARD.decode(text).map_err(|error| error.to_string())?)
        }
        ("latin1", media_type) => {
            let bytes = format!("{body}\n").chars().map(|c| u8::try_from(u32::from(c))).collect::<Result<_, _>>();
            (media_type, bytes.map_err(|_| "not every character is one of Latin-1")?)
        }
        ("file", rest) => {
            let (name, media_type) = rest.split_once(' ').ok_or("`file` wants NAME MEDIA-TYPE")?;
            (media_type, std::fs::read(repository().join(name)).map_err(|error| format!("{name}: {error}"))?)
        }
        _ => (rest, format!("{body}\n").into_bytes()),
    };
    Ok(Given { path: path.to_owned(), status, media_type: media_type.to_owned(), body: body.into() })
}

fn expectation(words: &str) -> Result<What, String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
    match words.as_slice() {
        ["exit", "?"] => Ok(What::Exit(None)),
        ["exit", code] => Ok(What::Exit(Some(number(code)?))),
        ["requests", count] => Ok(What::Requests(number(count)? as usize)),
        ["other", "requests", count] => Ok(What::OtherRequests(number(count)? as usize)),
        ["diagnostics"] => Ok(What::Diagnostics),
        ["stdout", mode @ ..] => Ok(What::Text(Stream::Stdout, comparison(mode)?)),
        ["stderr", mode @ ..] => Ok(What::Text(Stream::Stderr, comparison(mode)?)),
        ["request", mode @ ..] => Ok(What::Text(Stream::Request, comparison(mode)?)),
        ["body", mode @ ..] => Ok(What::Text(Stream::Body, comparison(mode)?)),
        ["other", mode @ ..] => Ok(What::Text(Stream::Other, comparison(mode)?)),
        ["file", name, mode @ ..] => Ok(What::Text(Stream::File((*name).to_owned()), comparison(mode)?)),
        _ => Err(format!("`{}` cannot be expected", words.join(" "))),
    }
}

fn comparison(words: &[&str]) -> Result<Mode, String> {
    match words {
        [] => Ok(Mode::Exact),
        ["contains"] => Ok(Mode::Contains),
        ["lacks"] => Ok(Mode::Lacks),
        ["empty"] => Ok(Mode::Empty),
        ["json"] => Ok(Mode::Json),
        ["json", "subset"] => Ok(Mode::Subset),
        _ => Err(format!("`{}` is no comparison", words.join(" "))),
    }
}
