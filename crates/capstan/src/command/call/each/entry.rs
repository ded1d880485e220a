//! A finished row as a line: its outputs for the results, its error for the failures.

use std::error::Error as _;
use std::io::Write;
use std::sync::Arc;

use capstan_engine::bindings::Scrubber;
use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, ErrorKind, Outcome};
use capstan_spec::diagnostic::Code;
use capstan_spec::diagnostic::render::visible;
use serde_json::{Map, Value, json};

use super::journal::End;
use super::rows::{BadRow, Row};
use super::sink::Entry;
use super::window::Waiting;
use crate::args::call::Format;
use crate::output::{self, Printing};
use crate::report;

/// Bytes that a line is given at first: most need no more.
const LINE_BYTES: usize = 512;

/// How lines are written.
pub(super) struct Shape<'p> {
    pub(super) printing: Printing<'p>,
    /// Whether outputs stand beside their rows.
    pub(super) with_row: bool,
    /// Whether failures are texts for a person, not JSON.
    pub(super) failures_as_text: bool,
    pub(super) scrubber: Arc<Scrubber>,
}

impl Waiting for Entry {
    fn size(&self) -> usize {
        self.line.len()
    }
}

/// A finished row.
pub(super) fn entry(row: &Row, end: End, line: Vec<u8>) -> Entry {
    Entry { row: row.number, mark: row.mark, end, line }
}

impl Shape<'_> {
    /// The outputs of a row, one line in JSON.
    pub(super) fn outcome(&self, row: &Row, outcome: &Outcome) -> Vec<u8> {
        let mut line = Vec::with_capacity(LINE_BYTES);
        let written = match (self.printing.format, self.printing.select, self.with_row) {
            (Format::Json, None, with_row) => outcome_as_json(&mut line, row, outcome, with_row),
            (_, select, with_row) => {
                let value = selected(outcome, select);
                let value = if with_row { beside(row, value) } else { value };
                output::record(&mut line, &value, &self.printing)
            }
        };
        written.expect("memory takes all, and the outputs can be written");
        line
    }

    /// Why there are no outputs.
    pub(super) fn failure(&self, row: &Row, error: &CallError) -> (End, Vec<u8>) {
        let end = if error.kind() == ErrorKind::Unreachable { End::Unreached } else { End::Failed };
        let line = match self.failures_as_text {
            true => self.failure_text(row, error),
            false => self.failure_json(row, error).to_string(),
        };
        (end, format!("{line}\n").into_bytes())
    }

    fn failure_text(&self, row: &Row, error: &CallError) -> String {
        let place = format!("row {} (line {}): error[{}]", row.number, row.line, error.code());
        let mut parts = vec![error.to_string()];
        parts.extend_from_slice(error.details());
        parts.extend(self.cause(error));
        visible(&format!("{place}: {}", parts.join("; "))).replace('\n', " ")
    }

    fn failure_json(&self, row: &Row, error: &CallError) -> Value {
        let mut failure = Map::new();
        failure.insert("row".into(), row.number.into());
        failure.insert("line".into(), row.line.into());
        failure.insert("code".into(), error.code().as_str().into());
        failure.insert("reason".into(), error.to_string().into());
        if !error.details().is_empty() {
            failure.insert("details".into(), error.details().into());
        }
        if let Some(response) = error.response() {
            failure.insert("status".into(), response.status.as_u16().into());
        }
        if let Some(request) = error.request() {
            failure.insert("request".into(), request.into());
        }
        if let Some(cause) = self.cause(error) {
            failure.insert("cause".into(), cause.into());
        }
        match &row.cells {
            Ok(cells) => failure.insert("input".into(), Value::Object(cells.clone())),
            Err(bad) => failure.insert("text".into(), bad.text.as_str().into()),
        };
        Value::Object(failure)
    }

    /// What lies below an error, without the secrets that the layers below know nothing of.
    fn cause(&self, error: &CallError) -> Option<String> {
        error.source()?;
        report::cause(error, Some(&self.scrubber))
    }
}

/// The error of a row that cannot be read.
pub(super) fn unreadable(bad: &BadRow) -> CallError {
    CallError::new(Code::BadRow, bad.reason.clone())
}

/// Outputs as they came are passed through, not taken apart. What is empty is `null`, so that every
/// row has its line.
fn outcome_as_json(line: &mut Vec<u8>, row: &Row, outcome: &Outcome, with_row: bool) -> std::io::Result<()> {
    if with_row {
        write!(line, "{{\"row\":{},\"input\":", row.number)?;
        serde_json::to_writer(&mut *line, row.cells.as_ref().unwrap_or(&Map::new()))?;
        line.extend_from_slice(b",\"output\":");
    }
    let from = line.len();
    outcome.outputs.write_json(line, false)?;
    if line.len() == from {
        line.extend_from_slice(b"null");
    }
    line.extend_from_slice(if with_row { b"}\n" } else { b"\n" });
    Ok(())
}

fn selected(outcome: &Outcome, select: Option<&JsonPath>) -> Value {
    let outputs = outcome.outputs.to_value();
    match select {
        Some(path) => path.select(&outputs).to_value().unwrap_or(Value::Null),
        None => outputs,
    }
}

fn beside(row: &Row, output: Value) -> Value {
    let empty = Map::new();
    json!({"row": row.number, "input": row.cells.as_ref().unwrap_or(&empty), "output": output})
}
