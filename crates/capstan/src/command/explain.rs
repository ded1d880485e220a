//! `capstan explain`: the pages of codes, which are Markdown, made readable on a terminal.

use capstan_spec::diagnostic::Code;
use capstan_spec::diagnostic::render::Style;
use capstan_spec::nearest;

use crate::args::catalogue::ExplainArgs;
use crate::exit::Exit;
use crate::terminal::Terminal;
use crate::{print, report};

/// Prints the pages of codes, or the list of all.
pub(crate) fn run(args: &ExplainArgs, terminal: &Terminal) -> Exit {
    let style = terminal.stdout_style();
    if args.list {
        return print::text(&list(style), Exit::Done, terminal);
    }
    let mut pages = Vec::new();
    for text in &args.codes {
        match Code::parse(text) {
            Some(code) => pages.push(page(code, style)),
            None => return unknown(text, terminal),
        }
    }
    print::text(&pages.join("\n"), Exit::Done, terminal)
}

fn unknown(text: &str, terminal: &Terminal) -> Exit {
    let near = nearest(text, Code::ALL.iter().map(|code| code.as_str()));
    let meant = near.map(|code| format!("did you mean `{code}`?"));
    let all = "`capstan explain --list` lists all codes".to_owned();
    let help: Vec<String> = meant.into_iter().chain([all]).collect();
    report::usage(&format!("`{text}` is not a code"), &help, terminal)
}

fn list(style: Style) -> String {
    let line = |code: &Code| format!("{}  {}\n", bold(code.as_str(), style), code.title());
    Code::ALL.iter().map(line).collect()
}

/// A page: its title behind the code, examples indented instead of fenced.
fn page(code: Code, style: Style) -> String {
    let mut out = bold(&format!("{code}: {}", code.title()), style);
    out.push('\n');
    let mut fenced = false;
    for line in code.page().lines().skip(1) {
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let indent = if fenced && !line.is_empty() { "    " } else { "" };
        out.push_str(indent);
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn bold(text: &str, style: Style) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Colour => format!("\x1b[1m{text}\x1b[0m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_with_its_code_and_has_no_fences() {
        for code in Code::ALL {
            let page = page(*code, Style::Plain);
            assert!(page.starts_with(&format!("{code}: {}\n\n", code.title())), "{page}");
            assert!(!page.contains("```"), "{page}");
        }
    }

    #[test]
    fn the_list_has_a_line_for_each_code() {
        assert_eq!(list(Style::Plain).lines().count(), Code::ALL.len());
        assert!(list(Style::Plain).contains("CAP0006  "));
    }
}
