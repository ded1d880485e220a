//! What a person sees, as snapshots; and that no span on no text can break it.

use proptest::prelude::*;

use super::*;
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::source::{FileId, SourceMap, Span};

const CAPABILITY: &str = "\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: kinde
    baseUri: https://example.com
    resources:
    - name: users
      path: /users
      operations:
      - name: listUsers
        method: get
        inputParameters:
        - name: limit
          in: query
          required: yes please
      - name: listUsers
        method: GET
";

/// A file and a way to point at its words.
struct Case {
    sources: SourceMap,
    file: FileId,
}

impl Case {
    fn new(text: &str) -> Self {
        let mut sources = SourceMap::new();
        let file = sources.add("capabilities/kinde.yaml", text);
        Case { sources, file }
    }

    /// The span of the `nth` occurrence of a word, from zero.
    #[track_caller]
    fn span(&self, word: &str, nth: usize) -> Span {
        let text = self.sources.files()[self.file.index()].text();
        let (byte, _) = text.match_indices(word).nth(nth).expect("the word stands in the text");
        let start = text[..byte].chars().count();
        Span::new(self.file, start, start + word.chars().count())
    }

    fn show(&self, diagnostic: &Diagnostic) -> String {
        self.styled(diagnostic, Style::Plain)
    }

    fn styled(&self, diagnostic: &Diagnostic, style: Style) -> String {
        let mut out = String::new();
        text(&self.sources, diagnostic, style, &mut out).expect("a String takes any text");
        out
    }
}

fn wrong_type(case: &Case) -> Diagnostic {
    let message = "`required` should be `true` or `false`, found a text";
    Diagnostic::new(Code::WrongType, case.span("yes please", 0), message)
        .help("`yes` is a text in YAML 1.2")
        .fix("true")
}

fn duplicate(case: &Case) -> Diagnostic {
    let message = "the operation `listUsers` stands twice";
    Diagnostic::new(Code::DuplicateName, case.span("listUsers", 1), message)
        .label(case.span("listUsers", 0), "first written here")
        .help("give one of them another name")
}

#[test]
fn a_problem_is_shown_with_its_line_help_and_fix() {
    let case = Case::new(CAPABILITY);
    insta::assert_snapshot!(case.show(&wrong_type(&case)));
}

#[test]
fn a_label_has_its_own_snippet() {
    let case = Case::new(CAPABILITY);
    insta::assert_snapshot!(case.show(&duplicate(&case)));
}

#[test]
fn a_fix_elsewhere_names_its_line() {
    let case = Case::new(CAPABILITY);
    let mut problem = Diagnostic::new(Code::NonStandardForm, case.span("listUsers", 0), "a fact");
    let span = case.span("get", 0);
    problem.fix = Some(Fix { span, replacement: "GET".into() });
    insta::assert_snapshot!(case.show(&problem));
}

#[test]
fn fixes_insert_remove_and_take_several_lines() {
    let case = Case::new(CAPABILITY);
    let word = case.span("get", 0);
    let place = Span::new(case.file, word.start(), word.start());
    let problem = |span, fix| Diagnostic::new(Code::NonStandardForm, span, "a fact").fix(fix);
    let shown: String =
        [problem(word, ""), problem(place, "x"), problem(word, "GET\npath: /")].iter().map(|p| case.show(p)).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_range_of_several_lines_goes_on() {
    let case = Case::new(CAPABILITY);
    let span = case.span("name: users\n      path: /users", 0);
    insta::assert_snapshot!(case.show(&Diagnostic::new(Code::BadBody, span, "a fact")));
}

#[test]
fn a_long_line_is_cut_to_a_window() {
    let case = Case::new(&format!("a: [{}wrong, {}]\n", "1, ".repeat(300), "2, ".repeat(300)));
    let problem = Diagnostic::new(Code::WrongType, case.span("wrong", 0), "a fact");
    insta::assert_snapshot!(case.show(&problem));
}

#[test]
fn a_huge_name_in_a_message_is_cut() {
    let case = Case::new(CAPABILITY);
    let message = format!("`{}` is not a key", "k".repeat(100_000));
    let shown = case.show(&Diagnostic::new(Code::UnknownKey, case.span("get", 0), message));
    let heading = shown.lines().next().expect("a heading comes first");
    assert!(heading.len() < 1_100 && heading.ends_with("kk…"));
}

#[test]
fn nothing_from_a_file_acts_on_the_terminal() {
    let mut sources = SourceMap::new();
    let file = sources.add("a\u{1b}]0;b\u{7}.yaml", "k\u{202e}: \u{1b}[2J\u{200b}v\u{9b}31m\n");
    let case = Case { sources, file };
    let problem = Diagnostic::new(Code::UnknownKey, Span::new(file, 0, 2), "`k\u{202e}` is a fact")
        .label(Span::new(file, 4, 5), "a\u{1b}c")
        .help("not `\u{1b}[31m`\nand not `\u{7}`")
        .fix("k\r");
    insta::assert_snapshot!(case.show(&problem));
}

#[test]
fn a_file_without_text_is_only_named() {
    let case = Case::new("");
    let problem =
        Diagnostic::new(Code::FileUnreadable, Span::default(), "the file does not exist").help("look at its name");
    insta::assert_snapshot!(case.show(&problem));
}

#[test]
fn a_problem_without_a_file_has_no_place() {
    let case = Case { sources: SourceMap::new(), file: FileId::default() };
    let problem = Diagnostic::new(Code::FileUnreadable, Span::default(), "a fact").help("do this");
    assert_eq!(case.show(&problem), "error[CAP0001]: a fact\n  = help: do this\n\n");
}

#[test]
fn colours_only_repeat_the_words() {
    let case = Case::new(CAPABILITY);
    let coloured = case.styled(&duplicate(&case), Style::Colour);
    insta::assert_snapshot!(coloured.replace('\x1b', "␛"));
    assert_eq!(without_colours(&coloured), case.show(&duplicate(&case)));
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[test]
fn the_footer_names_each_code_once() {
    let show = |codes: &[Code]| {
        let mut out = String::new();
        footer(codes.iter().copied(), &mut out).expect("a String takes any text");
        out
    };
    assert_eq!(show(&[]), "");
    assert_eq!(show(&[Code::WrongType; 2]), "`capstan explain CAP0102` tells more\n");
    let several = [Code::BadBody, Code::WrongType, Code::UnknownKey, Code::BadBody];
    assert_eq!(show(&several), "`capstan explain CAP0101` tells more; so for CAP0102, CAP0305\n");
}

#[test]
fn json_holds_everything() {
    let case = Case::new(CAPABILITY);
    let nowhere = SourceMap::new();
    insta::assert_json_snapshot!([
        json(&case.sources, &wrong_type(&case)),
        json(&case.sources, &duplicate(&case)),
        json(&nowhere, &Diagnostic::new(Code::FileUnreadable, Span::default(), "a fact")),
    ]);
}

#[test]
fn sarif_holds_everything() {
    let (first, second) = (Case::new(CAPABILITY), Case::new(""));
    let problems = [wrong_type(&first), duplicate(&first)];
    let unreadable = [Diagnostic::new(Code::FileUnreadable, Span::default(), "a fact")];
    let reports = [(&first.sources, &problems[..]), (&second.sources, &unreadable[..])];
    let mut log = sarif(reports);
    let rules = &mut log["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(rules.as_array().map(Vec::len), Some(Code::ALL.len()));
    for (rule, code) in rules.as_array().into_iter().flatten().zip(Code::ALL) {
        assert_eq!(rule["id"], code.as_str());
        assert!(rule["fullDescription"]["text"].as_str().is_some_and(|t| t.len() > 40), "{code}");
    }
    *rules = serde_json::Value::Null;
    log["runs"][0]["tool"]["driver"]["semanticVersion"] = "VERSION".into();
    insta::assert_json_snapshot!(log);
}

fn any_char() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => proptest::sample::select(vec!['\n', '\r', '\t', '\u{1b}', '\u{202e}', '\u{feff}', '日', '\u{301}', '🙂']),
        1 => any::<char>(),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let chars = proptest::collection::vec(any_char(), 0..300);
    chars.prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn any_span_on_any_text_is_shown(
        source in any_text(),
        start in prop_oneof![0_usize..320, Just(usize::MAX / 2)],
        len in prop_oneof![0_usize..320, Just(70_000_usize)],
    ) {
        let case = Case::new(&source);
        let span = Span::new(case.file, start, start + len);
        let problem = Diagnostic::new(Code::WrongType, span, source.clone())
            .label(span, source.clone())
            .help(source.clone())
            .fix(source);
        let shown = case.show(&problem);
        prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
        prop_assert!(shown.lines().all(|line| visible(line) == line));
        let coloured = case.styled(&problem, Style::Colour);
        prop_assert_eq!(without_colours(&coloured), shown);
        json(&case.sources, &problem);
        sarif([(&case.sources, &[problem][..])]);
    }
}
