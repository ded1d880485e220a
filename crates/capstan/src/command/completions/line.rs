//! The words on the line that is completed, and the file and the operation among them.

use clap::{Arg, Command, CommandFactory as _};

use crate::args::Args;

/// A command line, as far as it is typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    positionals: Vec<String>,
}

impl Line {
    /// Takes the words, the program's name first.
    pub(super) fn new(words: Vec<String>) -> Self {
        let root = Args::command();
        let mut words = words.into_iter().skip(1);
        let Some(command) = words.by_ref().find_map(|word| root.find_subcommand(word)) else {
            return Line::default();
        };
        Line { positionals: positionals(command, words) }
    }

    /// The capability file.
    pub(super) fn file(&self) -> Option<&str> {
        self.positionals.first().map(String::as_str)
    }

    /// The operation.
    pub(super) fn operation(&self) -> Option<&str> {
        self.positionals.get(1).map(String::as_str)
    }

    /// What stands behind the operation.
    pub(super) fn parameters(&self) -> &[String] {
        self.positionals.get(2..).unwrap_or_default()
    }
}

/// The words that are neither flags nor their values.
fn positionals(command: &Command, words: impl Iterator<Item = String>) -> Vec<String> {
    let mut positionals = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        if word == "--" {
            positionals.extend(words.by_ref());
        } else if takes_next(command, &word) {
            words.next();
        } else if !word.starts_with('-') || word == "-" {
            positionals.push(word);
        }
    }
    positionals
}

/// Whether a word is a flag whose value is the next word.
fn takes_next(command: &Command, word: &str) -> bool {
    let long = word.strip_prefix("--");
    let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
    let short = letters.next().filter(|_| letters.next().is_none());
    let is_meant = |arg: &&Arg| {
        let by_long = long.is_some_and(|long| arg.get_long() == Some(long));
        by_long || short.is_some_and(|short| arg.get_short() == Some(short))
    };
    command.get_arguments().find(is_meant).is_some_and(|arg| arg.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> Line {
        Line::new(words.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn flags_and_their_values_are_passed_over() {
        let line = line("capstan describe --format json a.yaml op");
        assert_eq!((line.file(), line.operation()), (Some("a.yaml"), Some("op")));
    }

    #[test]
    fn a_flag_with_its_value_in_one_word_takes_nothing() {
        let line = line("capstan describe --format=json a.yaml");
        assert_eq!((line.file(), line.operation()), (Some("a.yaml"), None));
    }

    #[test]
    fn what_stands_behind_the_operation_are_parameters() {
        assert_eq!(line("capstan call a.yaml op x=1 y").parameters(), ["x=1", "y"]);
        assert_eq!(line("capstan").file(), None);
    }
}
