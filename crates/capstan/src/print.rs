//! Data on stdout, as a whole.

use std::io::{self, ErrorKind, Write as _};

use serde_json::Value;

use crate::exit::Exit;
use crate::report;
use crate::terminal::Terminal;

/// Prints a text, and ends with `exit` when that worked.
pub(crate) fn text(text: &str, exit: Exit, terminal: &Terminal) -> Exit {
    let mut out = io::stdout().lock();
    finished(out.write_all(text.as_bytes()).and_then(|()| out.flush()), exit, terminal)
}

/// Prints a value as indented JSON.
pub(crate) fn json(value: &Value, exit: Exit, terminal: &Terminal) -> Exit {
    text(&format!("{value:#}\n"), exit, terminal)
}

/// Prints a value as YAML.
pub(crate) fn yaml(value: &Value, exit: Exit, terminal: &Terminal) -> Exit {
    let yaml = serde_yaml::to_string(value).expect("a JSON value has string keys only, which YAML can write");
    text(&yaml, exit, terminal)
}

/// How the process ends after it wrote. A reader that has seen enough (`| head`) is no failure.
pub(crate) fn finished(written: io::Result<()>, exit: Exit, terminal: &Terminal) -> Exit {
    match written {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => {
            report::usage(&format!("the output cannot be written: {why}"), &[], terminal)
        }
        Ok(()) | Err(_) => exit,
    }
}
