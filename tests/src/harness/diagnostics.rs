//! Expected diagnostics, written where they must appear.
//!
//! A line of a capability may end in `# error[CAP0206]: words` or `# warning[CAP0101] 14: words`:
//! the code, its severity, the column if it matters, and words of the message. Lines that cannot
//! hold a comment are named in `--- expect diagnostics`, one `LINE: error[CODE]: words` each.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// A diagnostic that a case expects or that the binary printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) line: u64,
    pub(crate) column: Option<u64>,
    pub(crate) severity: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Finding {
    /// Whether a printed diagnostic is the expected one.
    fn is(&self, printed: &Finding) -> bool {
        let column = self.column.is_none() || self.column == printed.column;
        (self.line, &self.severity, &self.code) == (printed.line, &printed.severity, &printed.code)
            && column
            && printed.message.contains(&self.message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}[{}]", self.line, self.severity, self.code)?;
        if let Some(column) = self.column {
            write!(f, " {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

static MARK: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(error|warning)\[(CAP\d{4})\](?: (\d+))?(?:: ([^#]*))?";
    Regex::new(pattern).expect("the pattern is valid")
});

fn marks(line: u64, text: &str) -> impl Iterator<Item = Finding> {
    MARK.captures_iter(text).map(move |mark| Finding {
        line,
        column: mark.get(3).and_then(|column| column.as_str().parse().ok()),
        severity: mark[1].to_owned(),
        code: mark[2].to_owned(),
        message: mark.get(4).map_or("", |words| words.as_str()).trim().to_owned(),
    })
}

/// The marks in the text of a capability.
pub(crate) fn marked(text: &str) -> Vec<Finding> {
    let lines = text.lines().zip(1..);
    let comments = lines.filter_map(|(line, n)| Some((n, line.split_once("# ")?.1)));
    comments.flat_map(|(line, comment)| marks(line, comment)).collect()
}

/// The lines of an `expect diagnostics` section.
pub(crate) fn listed(text: &str) -> Vec<Finding> {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let numbered = lines.filter_map(|(number, rest)| Some((number.parse().ok()?, rest)));
    numbered.flat_map(|(line, rest)| marks(line, rest)).collect()
}

/// The diagnostics in what `validate --format json` printed: every object that has a code.
pub(crate) fn printed(stdout: &str) -> Result<Vec<Finding>, String> {
    let value: Value =
        serde_json::from_str(stdout).map_err(|error| format!("`validate --format json` printed no JSON: {error}"))?;
    let mut findings = Vec::new();
    collect(&value, &mut findings);
    findings.sort();
    Ok(findings)
}

fn collect(value: &Value, findings: &mut Vec<Finding>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, findings)),
        Value::Object(members) => match finding(value) {
            Some(finding) => findings.push(finding),
            None => members.values().for_each(|member| collect(member, findings)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn finding(value: &Value) -> Option<Finding> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    Some(Finding {
        code: text("code")?,
        severity: text("severity")?,
        message: text("message")?,
        line: number("line").unwrap_or(0),
        column: number("column"),
    })
}

/// What is expected and not printed, and what is printed and not expected.
pub(crate) fn differences(expected: &[Finding], printed: &[Finding]) -> (Vec<Finding>, Vec<Finding>) {
    let mut unexpected = printed.to_vec();
    let mut missing = Vec::new();
    for finding in expected {
        match unexpected.iter().position(|candidate| finding.is(candidate)) {
            Some(at) => drop(unexpected.remove(at)),
            None => missing.push(finding.clone()),
        }
    }
    (missing, unexpected)
}
