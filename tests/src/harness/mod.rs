//! Runs a `.case` file: the real binary, in an empty folder, against a server of ours.
//!
//! [`case`] reads the file, [`setup`] gives its sections their meaning, [`run`](self::run_case)
//! plays it, [`check`] compares. With `CAPSTAN_UPDATE=1` what differs is written into the file.

pub(crate) mod binary;
pub(crate) mod case;
mod check;
pub(crate) mod diagnostics;
mod filters;
mod generate;
pub(crate) mod leaks;
pub(crate) mod setup;
pub(crate) mod tempdir;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::path::Path;

use crate::emulator::{Received, Server, cached, chaos, echo, given, http2, kinde, lists, mtls, oauth, streams};
use binary::Finished;
use case::Case;
use check::{Observed, Update};
use filters::Filters;
use setup::{Setup, Upstream};
use tempdir::TempDir;

/// Plays one case; the error is what a person needs to see.
pub(crate) fn run_case(path: &Path, update: bool) -> Result<(), String> {
    let mut case = Case::read(path)?;
    let setup = Setup::new(&case)?;
    let stage = Stage::new(&setup)?;
    let mut problems = Vec::new();
    let mut updates = Vec::new();
    for run in &setup.runs {
        let observed = stage.perform(run)?;
        problems.extend(stage.leaks(&setup, &observed));
        check::compare(&case, run, &observed, &mut problems, &mut updates);
    }
    if update && !updates.is_empty() {
        let (mended, rest): (Vec<Update>, _) = (updates, problems);
        problems = rest.into_iter().filter(|problem| !problem.mendable).collect();
        case.apply(mended)?;
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>().join("\n\n"))
}

/// The folder and the servers of one case.
struct Stage {
    folder: TempDir,
    server: Option<Server>,
    other: Server,
    given: BTreeMap<String, Vec<u8>>,
    variables: Vec<(String, String)>,
    secrets: Vec<String>,
    capability: String,
}

impl Stage {
    fn new(setup: &Setup) -> Result<Stage, String> {
        let other = echo::start();
        let mut stage = Stage {
            folder: TempDir::new(),
            server: setup.server.as_ref().map(|upstream| start(upstream, &other)),
            other,
            given: BTreeMap::new(),
            variables: Vec::new(),
            secrets: setup.secrets.clone(),
            capability: setup.capability.clone(),
        };
        let variables = setup.env.iter();
        stage.variables = variables.map(|(k, v)| (k.clone(), stage.expand(v))).collect();
        for file in &setup.files {
            let bytes = match &file.content {
                setup::Content::Text(text) => stage.expand(text).into_bytes(),
                setup::Content::Copy(path) => read(path)?,
                setup::Content::Generated(recipe) => generate::bytes(recipe)?,
            };
            stage.folder.write(&file.name, &bytes);
            stage.given.insert(file.name.clone(), bytes);
        }
        Ok(stage)
    }

    /// Puts in what only this run knows.
    fn expand(&self, text: &str) -> String {
        let mut text = text.replace("{dir}", &self.folder.path().to_string_lossy());
        text = text.replace("{capability}", &self.capability);
        text = text.replace("{other}", &self.other.origin());
        if let Some(server) = &self.server {
            text = text.replace("{server}", &server.origin());
            text = text.replace("{authority}", &server.address().to_string());
            text = text.replace("{port}", &server.address().port().to_string());
        }
        text
    }

    fn perform(&self, run: &setup::Run) -> Result<Observed, String> {
        let arguments: Vec<String> = run.arguments.iter().map(|word| self.expand(word)).collect();
        let stdin = run.stdin.as_ref().map(|text| self.expand(text));
        let finished = binary::run(&binary::Start {
            variables: &self.variables,
            stdin: stdin.as_deref(),
            interrupt: run.interrupt,
            ..binary::Start::new(&arguments, self.folder.path())
        })?;
        let requests = self.server.as_ref().map(|server| server.journal().take());
        Ok(self.observe(finished, requests.unwrap_or_default(), self.other.journal().take()))
    }

    fn observe(&self, run: Finished, requests: Vec<Received>, others: Vec<Received>) -> Observed {
        let filters = Filters::new(self.folder.path(), self.server.as_ref(), &self.other);
        let text =
            |list: &[Received]| filters.apply(&list.iter().map(Received::to_text).collect::<Vec<_>>().join("\n"));
        Observed {
            exit: run.exit,
            stdout: filters.apply(&String::from_utf8_lossy(&run.stdout)),
            stderr: filters.apply(&String::from_utf8_lossy(&run.stderr)),
            request: text(&requests),
            body: requests.last().map(|r| filters.lossy(&r.body)).unwrap_or_default(),
            other: text(&others),
            requests: requests.len(),
            others: others.len(),
            files: self.written().iter().map(|(n, b)| (n.clone(), filters.lossy(b))).collect(),
            raw: vec![("stdout".into(), run.stdout), ("stderr".into(), run.stderr)],
        }
    }

    /// The files that the runs made or changed.
    fn written(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = self.folder.files();
        files.retain(|(name, bytes)| self.given.get(name) != Some(bytes));
        files
    }

    /// Every place where a secret of the case shows.
    fn leaks(&self, setup: &Setup, observed: &Observed) -> Vec<check::Problem> {
        if setup.leaks_ok {
            return Vec::new();
        }
        let written = self.written().into_iter();
        let places: Vec<(String, Vec<u8>)> = observed.raw.iter().cloned().chain(written).collect();
        let found = self.secrets.iter().flat_map(|secret| leaks::find(secret, &places));
        found.map(|text| check::Problem { text, mendable: false }).collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn start(upstream: &Upstream, other: &Server) -> Server {
    match upstream {
        Upstream::Kinde(preset) => kinde::start(preset),
        Upstream::Echo => echo::start(),
        Upstream::Quiet => echo::start_quiet(),
        Upstream::Chaos => chaos::start(other.origin()),
        Upstream::Deaf => Server::deaf(),
        Upstream::OAuth => oauth::start(other.origin()),
        Upstream::Streams => streams::start(),
        Upstream::Lists => lists::start(other.origin()),
        Upstream::Given(answers) => given::start(answers.clone()),
        Upstream::Mtls => mtls::start(),
        Upstream::Http2 => http2::start(),
        Upstream::Cached => cached::start(),
    }
}
