//! Records of an answer, each on a line as soon as it is there.

use std::io::{self, Write};

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, Records};

use super::download;
use super::prepare::Prepared;
use crate::args::call::Format;
use crate::output::{self, Printing};
use crate::report;

/// Prints records as they come. The inner result is that of the writer.
///
/// # Errors
/// Those of the answer; what came before is printed.
pub(super) async fn print(
    prepared: &Prepared<'_>,
    records: &mut Records,
    printing: &Printing<'_>,
    out: &mut dyn Write,
) -> Result<io::Result<()>, CallError> {
    if printing.format == Format::Raw && printing.select.is_none() {
        while let Some(chunk) = records.chunk().await? {
            if let Err(error) = out.write_all(&chunk).and_then(|()| out.flush()) {
                return Ok(Err(error));
            }
        }
        return Ok(Ok(()));
    }
    while let Some(record) = records.next().await? {
        if prepared.args.verbose {
            record.notices.iter().for_each(|notice| report::note(notice, prepared.terminal));
        }
        let value = record.outputs.to_value();
        let selected = match printing.select {
            Some(path) => path.select(&value).to_value(),
            None => Some(value),
        };
        let Some(value) = selected else { continue };
        // One piece, so that nobody reads half a record.
        let mut line = Vec::new();
        let written = output::record(&mut line, &value, printing);
        if let Err(error) = written.and_then(|()| out.write_all(&line)).and_then(|()| out.flush()) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Writes records into the file of `--output`, which has its name when the last is there. The inner
/// result is that of the file.
///
/// # Errors
/// Those of the answer; what came before is in the part of the file.
pub(super) async fn into_file(
    prepared: &Prepared<'_>,
    records: &mut Records,
    select: Option<&JsonPath>,
    file: &mut download::Target,
) -> Result<io::Result<()>, CallError> {
    file.begin_afresh()?;
    let printing = Printing { format: prepared.args.format, select, terminal: &prepared.terminal.to_file() };
    print(prepared, records, &printing, &mut file.part).await
}
