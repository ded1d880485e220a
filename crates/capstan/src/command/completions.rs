//! `capstan completions`: the script for a shell, and the answers to its questions.
//!
//! The script runs `capstan` with `CAPSTAN_COMPLETE` set and the words of the line behind `--`.
//! clap knows commands and flags; what stands in the capability file on the line is ours.

mod candidates;
mod line;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;

use clap::{Command, CommandFactory as _, ValueEnum as _};
use clap_complete::engine::ArgValueCompleter;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, CompletionCandidate};

use self::line::Line;
use crate::args::Args;
use crate::args::catalogue::CompletionsArgs;
use crate::exit::Exit;
use crate::terminal::Terminal;
use crate::{print, report};

/// Set by the scripts to the name of their shell.
const VARIABLE: &str = "CAPSTAN_COMPLETE";

/// Prints the script for a shell.
pub(crate) fn run(args: &CompletionsArgs, terminal: &Terminal) -> Exit {
    let name = args.shell.to_possible_value().expect("every shell has a name");
    match script(name.get_name()) {
        Ok(script) => print::text(&script, Exit::Done, terminal),
        Err(why) => report::usage(&format!("there is no script for {}: {why}", name.get_name()), &[], terminal),
    }
}

fn script(shell: &str) -> io::Result<String> {
    let shells = Shells::builtins();
    let completer = shells.completer(shell).ok_or(io::ErrorKind::Unsupported)?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "capstan", "capstan", "capstan", &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

/// Answers a script that asks for completions; `None` when this is no such question.
pub(crate) fn answer(arguments: Vec<OsString>) -> Option<Exit> {
    std::env::var_os(VARIABLE).filter(|shell| !shell.is_empty())?;
    let words = arguments.iter().skip_while(|word| *word != "--").skip(1);
    let line = Line::new(words.map(|word| word.to_string_lossy().into_owned()).collect());
    let folder = std::env::current_dir().ok();
    let answered =
        CompleteEnv::with_factory(|| command(&line)).var(VARIABLE).try_complete(arguments, folder.as_deref());
    match answered {
        Ok(true) => Some(Exit::Done),
        Ok(false) => None,
        // The shell shows nothing of this; a line that cannot be completed is no error.
        Err(_) => Some(Exit::Usage),
    }
}

type Complete = fn(&Line, &str) -> Vec<CompletionCandidate>;

/// The command with the completers of those arguments that name something in a file.
fn command(line: &Line) -> Command {
    let line = Arc::new(line.clone());
    let completers: [(&str, Complete); 2] = [("operation", candidates::operations), ("params", candidates::parameters)];
    Args::command().mut_subcommands(|subcommand| {
        subcommand.mut_args(|argument| {
            let found = completers.iter().find(|(id, _)| argument.get_id() == *id);
            let Some((_, complete)) = found.copied() else { return argument };
            let line = line.clone();
            argument.add(ArgValueCompleter::new(move |current: &std::ffi::OsStr| {
                complete(&line, &current.to_string_lossy())
            }))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_asks_back() {
        for shell in crate::args::catalogue::Shell::value_variants() {
            let name = shell.to_possible_value().expect("every shell has a name");
            let script = script(name.get_name()).expect("the shell is known");
            assert!(script.contains(VARIABLE) && script.contains("capstan"), "{script}");
        }
    }
}
