//! The text of a case: a title, then sections that start with `--- words`.
//!
//! A line of content that would look like a head is written with a backslash before it. Nothing
//! here knows what a section means, so a file that is rewritten keeps every other byte.

use std::path::{Path, PathBuf};

use super::check::{Change, Update};

/// A file cut into sections.
#[derive(Debug)]
pub(crate) struct Case {
    path: PathBuf,
    /// What stands before the first section: what the case is about.
    title: String,
    pub(crate) sections: Vec<Section>,
}

/// One section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// The head without its dashes.
    pub(crate) head: String,
    /// The lines below it, without the blank ones at the end.
    pub(crate) body: String,
    /// The line of the head, from 1.
    pub(crate) line: usize,
}

impl Case {
    pub(crate) fn read(path: &Path) -> Result<Case, String> {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Case::parse(path, &text))
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Case {
        let mut case = Case { path: path.to_owned(), title: String::new(), sections: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            if let Some(head) = line.strip_prefix("--- ") {
                let head = head.trim().to_owned();
                case.sections.push(Section { head, body: String::new(), line: number + 1 });
                continue;
            }
            let content = line.strip_prefix('\\').filter(|rest| rest.starts_with("--- "));
            let target = case.sections.last_mut().map_or(&mut case.title, |last| &mut last.body);
            target.push_str(content.unwrap_or(line));
            target.push('\n');
        }
        for section in &mut case.sections {
            section.body.truncate(section.body.trim_end().len());
        }
        case
    }

    /// Where a section stands, for messages.
    pub(crate) fn place(&self, section: usize) -> String {
        format!("{}:{}", self.path.display(), self.sections[section].line)
    }

    /// The name of the file, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes new bodies into the file. Later sections first, so that places stay true.
    pub(crate) fn apply(&mut self, mut updates: Vec<Update>) -> Result<(), String> {
        updates.sort_by_key(|update| std::cmp::Reverse(update.section));
        for Update { section, change } in updates {
            match change {
                Change::Head(head) => self.sections[section].head = head,
                Change::Body(body) => self.sections[section].body = body.trim_end().to_owned(),
                Change::Insert(head, body) => {
                    let (body, line) = (body.trim_end().to_owned(), self.sections[section].line);
                    self.sections.insert(section + 1, Section { head, body, line });
                }
            }
        }
        std::fs::write(&self.path, self.to_text()).map_err(|error| error.to_string())
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = self.title.clone();
        for (index, section) in self.sections.iter().enumerate() {
            text.push_str(&format!("--- {}\n", section.head));
            for line in section.body.lines() {
                let escape = if line.starts_with("--- ") { "\\" } else { "" };
                text.push_str(&format!("{escape}{line}\n"));
            }
            let last = index + 1 == self.sections.len();
            if !section.body.is_empty() && !last {
                text.push('\n');
            }
        }
        text
    }
}
