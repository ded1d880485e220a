//! The parser's model of a query becomes our compiled form. Function calls go through `mends`,
//! which checks their types.

use jsonpath_rust::parser::model;
use serde_json::Value;

use super::mends;
use super::query::{Comparison, Filter, FilterQuery, Operand, Operator, Origin, Query, Segment, Selector, Slice};
use super::{JsonPathError, bounds};

/// Parses and lowers a text in the spelling of RFC 9535. The text's length is the caller's affair.
pub(super) fn compile(text: &str) -> Result<Query, JsonPathError> {
    bounds::check_nesting(text)?;
    mends::check_spaces(text)?;
    let parsed =
        jsonpath_rust::parser::parse_json_path(text).map_err(|error| JsonPathError::from_parser(text, &error))?;
    query(&parsed.segments)
}

fn query(segments: &[model::Segment]) -> Result<Query, JsonPathError> {
    segments.iter().map(segment).collect::<Result<_, _>>().map(Query)
}

fn segment(parsed: &model::Segment) -> Result<Segment, JsonPathError> {
    match parsed {
        model::Segment::Descendant(inner) => Ok(Segment::Descendant(selectors(inner)?)),
        model::Segment::Selector(_) | model::Segment::Selectors(_) => Ok(Segment::Child(selectors(parsed)?)),
    }
}

fn selectors(parsed: &model::Segment) -> Result<Vec<Selector>, JsonPathError> {
    match parsed {
        // The grammar has no `..` within `..`.
        model::Segment::Descendant(inner) => selectors(inner),
        model::Segment::Selector(sole) => Ok(vec![selector(sole)?]),
        model::Segment::Selectors(several) => several.iter().map(selector).collect(),
    }
}

fn selector(parsed: &model::Selector) -> Result<Selector, JsonPathError> {
    Ok(match parsed {
        model::Selector::Name(name) => Selector::Name(name.clone()),
        model::Selector::Wildcard => Selector::Wildcard,
        model::Selector::Index(index) => Selector::Index(*index),
        model::Selector::Slice(start, end, step) => {
            Selector::Slice(Slice { start: *start, end: *end, step: step.unwrap_or(1) })
        }
        model::Selector::Filter(condition) => Selector::Filter(filter(condition)?),
    })
}

fn filter(parsed: &model::Filter) -> Result<Filter, JsonPathError> {
    match parsed {
        model::Filter::Or(several) => several.iter().map(filter).collect::<Result<_, _>>().map(Filter::Any),
        model::Filter::And(several) => several.iter().map(filter).collect::<Result<_, _>>().map(Filter::All),
        model::Filter::Atom(atom) => filter_atom(atom),
    }
}

fn filter_atom(parsed: &model::FilterAtom) -> Result<Filter, JsonPathError> {
    match parsed {
        model::FilterAtom::Filter { expr, not } => Ok(negated(filter(expr)?, *not)),
        model::FilterAtom::Test { expr, not } => Ok(negated(test(expr)?, *not)),
        model::FilterAtom::Comparison(parsed) => Ok(Filter::Compare(Box::new(comparison(parsed)?))),
    }
}

fn negated(condition: Filter, not: bool) -> Filter {
    if not { Filter::Not(Box::new(condition)) } else { condition }
}

fn test(parsed: &model::Test) -> Result<Filter, JsonPathError> {
    match parsed {
        model::Test::RelQuery(segments) => Ok(Filter::Exists(current_query(segments)?)),
        model::Test::AbsQuery(absolute) => Ok(Filter::Exists(root_query(&absolute.segments)?)),
        model::Test::Function(function) => mends::logical_function(function),
    }
}

/// A query from `@`.
pub(super) fn current_query(segments: &[model::Segment]) -> Result<FilterQuery, JsonPathError> {
    Ok(FilterQuery { origin: Origin::Current, query: query(segments)? })
}

/// A query from `$`.
pub(super) fn root_query(segments: &[model::Segment]) -> Result<FilterQuery, JsonPathError> {
    Ok(FilterQuery { origin: Origin::Root, query: query(segments)? })
}

fn comparison(parsed: &model::Comparison) -> Result<Comparison, JsonPathError> {
    let operator = match parsed {
        model::Comparison::Eq(..) => Operator::Equal,
        model::Comparison::Ne(..) => Operator::NotEqual,
        model::Comparison::Lt(..) => Operator::Less,
        model::Comparison::Lte(..) => Operator::LessOrEqual,
        model::Comparison::Gt(..) => Operator::Greater,
        model::Comparison::Gte(..) => Operator::GreaterOrEqual,
    };
    let (left, right) = parsed.vals();
    Ok(Comparison { left: operand(left)?, operator, right: operand(right)? })
}

fn operand(parsed: &model::Comparable) -> Result<Operand, JsonPathError> {
    match parsed {
        model::Comparable::Literal(value) => Ok(Operand::Literal(literal(value))),
        model::Comparable::Function(function) => mends::value_function(function),
        model::Comparable::SingularQuery(query) => Ok(Operand::Query(singular_query(query))),
    }
}

/// The value that a literal denotes.
pub(super) fn literal(parsed: &model::Literal) -> Value {
    match parsed {
        model::Literal::Int(number) => Value::from(*number),
        model::Literal::Float(number) => Value::from(*number),
        model::Literal::String(text) => Value::from(text.as_str()),
        model::Literal::Bool(truth) => Value::from(*truth),
        model::Literal::Null => Value::Null,
    }
}

fn singular_query(parsed: &model::SingularQuery) -> FilterQuery {
    let (origin, segments) = match parsed {
        model::SingularQuery::Current(segments) => (Origin::Current, segments),
        model::SingularQuery::Root(segments) => (Origin::Root, segments),
    };
    FilterQuery { origin, query: Query(segments.iter().map(singular_segment).collect()) }
}

fn singular_segment(parsed: &model::SingularQuerySegment) -> Segment {
    Segment::Child(vec![match parsed {
        model::SingularQuerySegment::Index(index) => Selector::Index(*index),
        model::SingularQuerySegment::Name(name) => Selector::Name(name.clone()),
    }])
}
