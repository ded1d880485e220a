//! The one table from what happened to the exit code.

use std::process::ExitCode;

use capstan_engine::ErrorKind;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// The command line or the parameters do not fit.
    Usage,
    /// The capability file, its bindings or the settings cannot be used.
    Capability,
    /// The upstream answered an error, or the answer was not what was declared, or larger than
    /// allowed.
    Upstream,
    /// The upstream could not be reached, or not in time.
    Unreachable,
    /// Interrupted by the user.
    Interrupted,
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Exit::Usage,
            ErrorKind::Capability => Exit::Capability,
            ErrorKind::UpstreamAnswer => Exit::Upstream,
            ErrorKind::Unreachable => Exit::Unreachable,
            ErrorKind::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Usage => 2,
            Exit::Capability => 3,
            Exit::Upstream => 4,
            Exit::Unreachable => 5,
            Exit::Interrupted => 130,
        })
    }
}
