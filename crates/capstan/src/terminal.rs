//! What the process is connected to: terminals or pipes, and whether colours are wanted.

use std::env;
use std::io::{self, IsTerminal};

use capstan_spec::diagnostic::render::Style;

/// What the process is connected to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether data goes to a person.
    pub(crate) stdout: bool,
    /// Whether talk goes to a person.
    pub(crate) stderr: bool,
    colours: bool,
}

impl Terminal {
    /// Looks at the streams and at `NO_COLOR` (<https://no-color.org>) and `TERM`.
    pub(crate) fn detect() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|v| v == "dumb");
        Terminal { stdout: io::stdout().is_terminal(), stderr: io::stderr().is_terminal(), colours: !refused && !dumb }
    }

    /// The same where data goes to a file.
    pub(crate) fn to_file(self) -> Self {
        Terminal { stdout: false, ..self }
    }

    /// How data is styled.
    pub(crate) fn stdout_style(&self) -> Style {
        style(self.stdout && self.colours)
    }

    /// How talk is styled.
    pub(crate) fn stderr_style(&self) -> Style {
        style(self.stderr && self.colours)
    }
}

fn style(coloured: bool) -> Style {
    if coloured { Style::Colour } else { Style::Plain }
}
