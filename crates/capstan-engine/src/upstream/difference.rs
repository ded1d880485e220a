//! Where a recorded request and one that is asked for part.

use std::fmt;

use super::failure::quoted;
use super::masked::MaskedUrl;
use super::replay::Asked;
use crate::limits;

/// One part in which two requests differ, the recorded one first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Method(String, String),
    Origin(String, String),
    Path(String, String),
    /// A name, and its recorded and asked value; the order of the pairs where neither is set.
    Query(String, Option<String>, Option<String>),
    QueryOrder,
    Body,
    Files,
}

impl Difference {
    /// How far the requests are apart for it: another path is another operation.
    pub(super) fn weight(&self) -> usize {
        match self {
            Difference::Path(..) => 100,
            Difference::Method(..) => 50,
            Difference::Origin(..) => 20,
            Difference::Query(..) | Difference::QueryOrder => 2,
            Difference::Body | Difference::Files => 1,
        }
    }
}

/// All differences; none means that the recorded request answers for the asked one.
pub(super) fn differences(recorded: &Asked, asked: &Asked) -> Vec<Difference> {
    let mut all = Vec::new();
    if recorded.method != asked.method {
        all.push(Difference::Method(recorded.method.clone(), asked.method.clone()));
    }
    let (here, there) = (&recorded.url, &asked.url);
    if here.origin != there.origin {
        all.push(Difference::Origin(here.origin.clone(), there.origin.clone()));
    }
    if here.path != there.path {
        all.push(Difference::Path(path_text(here), path_text(there)));
    }
    all.extend(query_differences(&here.query, &there.query));
    if recorded.body.is_some() && recorded.body != asked.body {
        all.push(Difference::Body);
    } else if recorded.files.is_some() && recorded.files != asked.files {
        all.push(Difference::Files);
    }
    all
}

fn path_text(url: &MaskedUrl) -> String {
    format!("/{}", url.path.join("/"))
}

type Query = [(String, String)];

fn query_differences(recorded: &Query, asked: &Query) -> Vec<Difference> {
    if recorded == asked {
        return Vec::new();
    }
    let mut all = Vec::new();
    for name in names(recorded, asked) {
        let (here, there) = (value_of(recorded, name), value_of(asked, name));
        if here != there {
            all.push(Difference::Query(name.to_owned(), here, there));
        }
    }
    if all.is_empty() {
        all.push(Difference::QueryOrder);
    }
    all
}

fn names<'a>(recorded: &'a Query, asked: &'a Query) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in recorded.iter().chain(asked) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The values of a name, several joined by commas.
fn value_of(query: &Query, name: &str) -> Option<String> {
    let values: Vec<&str> = query.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let q = |text: &str| quoted(&text.chars().take(limits::QUOTED_CHARS_MAX).collect::<String>());
        match self {
            Difference::Method(here, there) => {
                write!(f, "the method is {}, not {}", q(here), q(there))
            }
            Difference::Origin(here, there) => {
                write!(f, "the server is {}, not {}", q(here), q(there))
            }
            Difference::Path(here, there) => write!(f, "the path is {}, not {}", q(here), q(there)),
            Difference::Query(name, Some(here), Some(there)) => {
                write!(f, "the query's {} is {}, not {}", q(name), q(here), q(there))
            }
            Difference::Query(name, Some(_), None) => {
                write!(f, "the query has {} as well", q(name))
            }
            Difference::Query(name, None, _) => write!(f, "the query has no {}", q(name)),
            Difference::QueryOrder => f.write_str("the query has another order"),
            Difference::Body => f.write_str("the body is another"),
            Difference::Files => f.write_str("a file of the body has other bytes"),
        }
    }
}
