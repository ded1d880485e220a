//! The compiled form of a query: what `lower` makes and `walk` and `filter` run. Plain data, in
//! RFC 9535's words. Every function call in it is well-typed (section 2.4.3).

use regex::Regex;
use serde_json::Value;

/// A sequence of segments, applied to the root or, within a filter, to the current node.
#[derive(Clone, Debug)]
pub(super) struct Query(pub(super) Vec<Segment>);

/// One step down: to children, or to the children of every descendant.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    Child(Vec<Selector>),
    Descendant(Vec<Selector>),
}

/// Picks children of a node.
#[derive(Clone, Debug)]
pub(super) enum Selector {
    Name(String),
    Index(i64),
    Wildcard,
    Slice(Slice),
    Filter(Filter),
}

/// `start:end:step`, each as written. Within ±(2^53 − 1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: i64,
}

/// A condition on a child.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Exists(FilterQuery),
    Compare(Box<Comparison>),
    Match(Box<Match>),
}

/// A query within a filter, and where it starts.
#[derive(Clone, Debug)]
pub(super) struct FilterQuery {
    pub(super) origin: Origin,
    pub(super) query: Query,
}

/// `@` or `$`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    Current,
    Root,
}

#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) left: Operand,
    pub(super) operator: Operator,
    pub(super) right: Operand,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Something that has one value or none: RFC 9535's `ValueType`.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// A singular query.
    Query(FilterQuery),
    Length(Box<Operand>),
    Count(FilterQuery),
    Value(FilterQuery),
}

/// `match()` or `search()`.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) text: Operand,
    pub(super) pattern: Pattern,
}

/// The second argument of `match()` and `search()`.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// A literal, compiled already; `None` is one that is no regular expression and matches nothing.
    Fixed(Option<Regex>),
    /// Taken from the document, and compiled for each node.
    Computed { operand: Operand, extent: Extent },
}

/// How much of the text a pattern has to match.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent {
    Whole,
    Part,
}

/// One step of a path that matches at most one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SingularStep {
    /// The member of this name.
    Name(String),
    /// The element at this index; negative counts from the end.
    Index(i64),
}

impl Query {
    /// The steps of a query that matches at most one node; `None` for any other.
    pub(super) fn to_singular(&self) -> Option<Vec<SingularStep>> {
        self.0.iter().map(Segment::to_singular).collect()
    }

    /// The query up to the first segment that may match several children, and that segment.
    pub(super) fn to_trunk(&self) -> (Query, Option<&Segment>) {
        let is_fork = |segment: &&Segment| match segment {
            Segment::Child(_) => segment.as_sole().is_none(),
            Segment::Descendant(selectors) => !matches!(selectors.as_slice(), [Selector::Name(_)]),
        };
        let fork = self.0.iter().position(|segment| is_fork(&segment)).unwrap_or(self.0.len());
        (Query(self.0[..fork].to_vec()), self.0.get(fork))
    }

    pub(super) fn is_singular(&self) -> bool {
        self.0.iter().all(|segment| segment.as_sole().is_some())
    }
}

impl Segment {
    /// The selector of a segment that matches at most one child.
    fn as_sole(&self) -> Option<&Selector> {
        match self {
            Segment::Child(selectors) => match selectors.as_slice() {
                [sole @ (Selector::Name(_) | Selector::Index(_))] => Some(sole),
                _ => None,
            },
            Segment::Descendant(_) => None,
        }
    }

    /// Whether it may pass over all that is there: it asks for a condition, or for a range.
    pub(super) fn may_choose_nothing(&self) -> bool {
        let (Segment::Child(selectors) | Segment::Descendant(selectors)) = self;
        selectors.iter().any(|selector| matches!(selector, Selector::Filter(_) | Selector::Slice(_)))
    }

    fn to_singular(&self) -> Option<SingularStep> {
        match self.as_sole()? {
            Selector::Name(name) => Some(SingularStep::Name(name.clone())),
            Selector::Index(index) => Some(SingularStep::Index(*index)),
            Selector::Wildcard | Selector::Slice(_) | Selector::Filter(_) => None,
        }
    }
}
