//! What `jsonpath-rust` 1.0.12 gets wrong, mended here, each to be sent upstream.
//!
//! 1. Function calls are not checked for their types (RFC 9535, section 2.4.3). It accepts a
//!    function of a value as a test (`[?count(@..*)]`, `[?length(@.a)]`, `[?value(@.a)]`), a query
//!    of many nodes where a value is wanted (`[?length(@.*)<3]`) and the names of its own extensions
//!    (`in`, `nin`, `none_of`, `any_of`, `subset_of`). This file checks them all.
//! 2. Several selectors in one segment are applied selector by selector instead of node by node, so
//!    `$..['a','d']` yields all `a` before the first `d` (section 2.5.1.2). `walk` goes node by node.
//! 3. A filter within a filter (`[?@[?@>1]]`) is taken for a condition on the current node, because
//!    both are told apart by an empty path. `filter` keeps the two apart by type.
//! 4. Numbers are equal when they differ by less than 2.2e-16, so that `1e-20 == 0`; within arrays
//!    and objects 1 and 1.0 differ. `filter` compares by number.
//! 5. `count()` of no nodes is nothing instead of 0.
//! 6. A regular expression is compiled again for every node; a literal one is compiled here, once.
//! 7. Spaces are accepted within a bare name (`$.foo bar`) and, in filters, after a dot, because the
//!    grammar lets pest skip white space there. `check_spaces` refuses them.

use jsonpath_rust::parser::model::{FnArg, Test, TestFunction};
use serde_json::Value;

use super::query::{Extent, Filter, FilterQuery, Match, Operand, Pattern};
use super::{JsonPathError, filter, lower, scan};

/// Refuses spaces where RFC 9535 has none: after a dot, and between two words, which are always
/// kept apart by an operator, a bracket or a comma.
pub(super) fn check_spaces(text: &str) -> Result<(), JsonPathError> {
    let mut before_space = None;
    let mut previous = '$';
    for (offset, next) in scan::unquoted(text) {
        if is_space(next) {
            before_space = before_space.or(Some(previous));
        } else {
            let parted = before_space.take();
            if parted == Some('.') || parted.is_some_and(is_word) && is_word(next) {
                return Err(JsonPathError::unexpected(text, offset));
            }
        }
        previous = next;
    }
    Ok(())
}

/// RFC 9535's `S`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// A function whose result is a truth, usable as a test by itself.
pub(super) fn logical_function(function: &TestFunction) -> Result<Filter, JsonPathError> {
    let (text, pattern, extent) = match function {
        TestFunction::Match(text, pattern) => (text, pattern, Extent::Whole),
        TestFunction::Search(text, pattern) => (text, pattern, Extent::Part),
        TestFunction::Length(_) | TestFunction::Count(_) | TestFunction::Value(_) => {
            return Err(JsonPathError::new(format!(
                "the result of `{}()` must be compared with something",
                name(function)
            )));
        }
        TestFunction::Custom(..) => return Err(unknown(function)),
    };
    Ok(Filter::Match(Box::new(Match {
        text: value_argument(function, text)?,
        pattern: compiled_pattern(value_argument(function, pattern)?, extent),
    })))
}

/// A function whose result is a value, usable in a comparison.
pub(super) fn value_function(function: &TestFunction) -> Result<Operand, JsonPathError> {
    match function {
        TestFunction::Length(argument) => {
            let measured = value_argument(function, argument)?;
            Ok(Operand::Length(Box::new(measured)))
        }
        TestFunction::Count(argument) => Ok(Operand::Count(nodes_argument(function, argument)?)),
        TestFunction::Value(argument) => Ok(Operand::Value(nodes_argument(function, argument)?)),
        TestFunction::Match(..) | TestFunction::Search(..) => {
            Err(JsonPathError::new(format!("the result of `{}()` is no value", name(function))))
        }
        TestFunction::Custom(..) => Err(unknown(function)),
    }
}

/// An argument of RFC 9535's `ValueType`.
fn value_argument(function: &TestFunction, argument: &FnArg) -> Result<Operand, JsonPathError> {
    let wrong = || {
        JsonPathError::new(format!("`{}()` needs a literal or a path that matches at most one node", name(function)))
    };
    match argument {
        FnArg::Literal(value) => Ok(Operand::Literal(lower::literal(value))),
        FnArg::Filter(_) => Err(wrong()),
        FnArg::Test(test) => match test.as_ref() {
            Test::Function(inner) => value_function(inner),
            Test::RelQuery(_) | Test::AbsQuery(_) => {
                filter_query(test)?.filter(|found| found.query.is_singular()).map(Operand::Query).ok_or_else(wrong)
            }
        },
    }
}

/// An argument of RFC 9535's `NodesType`.
fn nodes_argument(function: &TestFunction, argument: &FnArg) -> Result<FilterQuery, JsonPathError> {
    let query = match argument {
        FnArg::Test(test) => filter_query(test)?,
        FnArg::Literal(_) | FnArg::Filter(_) => None,
    };
    query.ok_or_else(|| JsonPathError::new(format!("`{}()` needs a path", name(function))))
}

fn filter_query(test: &Test) -> Result<Option<FilterQuery>, JsonPathError> {
    match test {
        Test::RelQuery(segments) => lower::current_query(segments).map(Some),
        Test::AbsQuery(query) => lower::root_query(&query.segments).map(Some),
        Test::Function(_) => Ok(None),
    }
}

fn compiled_pattern(operand: Operand, extent: Extent) -> Pattern {
    match operand {
        Operand::Literal(Value::String(pattern)) => Pattern::Fixed(filter::compile_pattern(&pattern, extent)),
        Operand::Literal(_) => Pattern::Fixed(None),
        operand => Pattern::Computed { operand, extent },
    }
}

fn unknown(function: &TestFunction) -> JsonPathError {
    JsonPathError::new(format!(
        "there is no function `{}()`: RFC 9535 has length, count, value, match and search",
        name(function)
    ))
}

fn name(function: &TestFunction) -> &str {
    match function {
        TestFunction::Custom(name, _) => name,
        TestFunction::Length(_) => "length",
        TestFunction::Value(_) => "value",
        TestFunction::Count(_) => "count",
        TestFunction::Search(..) => "search",
        TestFunction::Match(..) => "match",
    }
}
