//! Data for stdout: outputs in four formats, requests in three forms.

mod colour;
pub(crate) mod curl;
pub(crate) mod request;
mod table;

use std::io::{self, Write};

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{Output, Outputs};
use capstan_spec::diagnostic::render::Style;
use serde_json::Value;

use crate::args::call::Format;
use crate::report;
use crate::terminal::Terminal;

/// How outputs are printed.
pub(crate) struct Printing<'p> {
    /// The format.
    pub(crate) format: Format,
    /// The part that is printed; absent, all.
    pub(crate) select: Option<&'p JsonPath>,
    /// What stdout is.
    pub(crate) terminal: &'p Terminal,
}

/// Prints outputs. An empty answer prints nothing; a selection that finds nothing is `null` to
/// those formats that a program reads, for which no text at all would be a broken one.
///
/// # Errors
/// Those of the writer.
pub(crate) fn print(out: &mut dyn Write, outputs: &Outputs, printing: &Printing<'_>) -> io::Result<()> {
    let Some(path) = printing.select else { return print_all(out, outputs, printing) };
    if let Some(value) = path.select(&outputs.to_value()).to_value() {
        return print_value(out, &value, printing);
    }
    report::note(&format!("`--select {path}` finds nothing in the answer"), printing.terminal);
    match printing.format {
        Format::Json | Format::Yaml => print_value(out, &Value::Null, printing),
        Format::Raw | Format::Table => Ok(()),
    }
}

/// Prints one of several values, so that a reader can tell where it ends: JSON in one line, a YAML
/// document, a text and a line end.
///
/// # Errors
/// Those of the writer.
pub(crate) fn record(out: &mut dyn Write, value: &Value, printing: &Printing<'_>) -> io::Result<()> {
    match printing.format {
        Format::Json => {
            serde_json::to_writer(&mut *out, value)?;
            out.write_all(b"\n")
        }
        Format::Yaml => {
            out.write_all(b"---\n")?;
            print_value(out, value, printing)
        }
        Format::Raw | Format::Table => print_value(out, value, printing),
    }
}

fn print_all(out: &mut dyn Write, outputs: &Outputs, printing: &Printing<'_>) -> io::Result<()> {
    match (printing.format, outputs) {
        (_, Outputs::Empty) => Ok(()),
        (Format::Raw, Outputs::Body(Output::Bytes(bytes) | Output::Document { bytes, .. })) => out.write_all(bytes),
        (Format::Raw, Outputs::Body(Output::Raw(raw))) => line(out, raw.get().as_bytes()),
        (Format::Raw, Outputs::Named(named)) if named.len() == 1 => match &named[0].1 {
            Output::Bytes(bytes) | Output::Document { bytes, .. } => out.write_all(bytes),
            Output::Raw(raw) => line(out, raw.get().as_bytes()),
            Output::Value(value) => print_value(out, value, printing),
        },
        (Format::Json, _) if !printing.terminal.stdout => {
            outputs.write_json(out, false)?;
            out.write_all(b"\n")
        }
        (Format::Json | Format::Raw | Format::Yaml | Format::Table, _) => {
            print_value(out, &outputs.to_value(), printing)
        }
    }
}

fn line(out: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    if bytes.ends_with(b"\n") { Ok(()) } else { out.write_all(b"\n") }
}

/// Prints a value.
///
/// # Errors
/// Those of the writer.
pub(crate) fn print_value(out: &mut dyn Write, value: &Value, printing: &Printing<'_>) -> io::Result<()> {
    match printing.format {
        Format::Json => json(out, value, printing.terminal),
        Format::Raw => match value {
            Value::String(text) => line(out, text.as_bytes()),
            other => line(out, other.to_string().as_bytes()),
        },
        Format::Yaml => {
            let text = serde_yaml::to_string(value).map_err(io::Error::other)?;
            line(out, text.as_bytes())
        }
        Format::Table => line(out, table::text(value).as_bytes()),
    }
}

/// Prints JSON: pretty on a terminal, compact in a pipe.
fn json(out: &mut dyn Write, value: &Value, terminal: &Terminal) -> io::Result<()> {
    if !terminal.stdout {
        serde_json::to_writer(&mut *out, value)?;
        return out.write_all(b"\n");
    }
    let text = serde_json::to_string_pretty(value)?;
    match terminal.stdout_style() {
        Style::Plain => line(out, text.as_bytes()),
        Style::Colour => line(out, colour::json(&text).as_bytes()),
    }
}
