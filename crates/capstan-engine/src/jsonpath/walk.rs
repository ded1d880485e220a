//! Applies a compiled query to a document. Nodes are handed to a sink in the order of RFC 9535,
//! one by one, so that a test for existence stops at the first.
//!
//! It recurses no deeper than the document is nested: every segment goes down at least one level.

use std::ops::ControlFlow;

use serde_json::Value;

use super::filter;
use super::query::{Query, Segment, Selector, SingularStep, Slice};

/// A place in a document that is being queried. `root` is what `$` means in filters.
#[derive(Clone, Copy)]
pub(super) struct Place<'v> {
    pub(super) root: &'v Value,
    pub(super) node: &'v Value,
    /// Whether a node that is no list counts as a list of itself.
    lone: bool,
}

impl<'v> Place<'v> {
    pub(super) fn root(root: &'v Value) -> Self {
        Self { root, node: root, lone: false }
    }

    /// The root of a document that writes a list of one as its element.
    pub(super) fn lone_root(root: &'v Value) -> Self {
        Self { lone: true, ..Self::root(root) }
    }

    /// The elements of the node.
    fn elements(self) -> &'v [Value] {
        match self.node {
            Value::Array(elements) => elements,
            Value::Null => &[],
            node if self.lone => std::slice::from_ref(node),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => &[],
        }
    }

    pub(super) fn to(self, node: &'v Value) -> Self {
        Self { node, ..self }
    }
}

/// All matches, in order.
pub(super) fn all<'v>(query: &Query, place: Place<'v>) -> Vec<&'v Value> {
    let mut found = All(Vec::new());
    let _ = walk(&query.0, place, &mut found); // this sink never breaks
    found.0
}

/// The first match.
pub(super) fn first<'v>(query: &Query, place: Place<'v>) -> Option<&'v Value> {
    let mut found = First(None);
    let _ = walk(&query.0, place, &mut found); // broken off or not, the outcome is in `found`
    found.0
}

/// The one node that singular steps lead to.
pub(super) fn follow<'v>(steps: &[SingularStep], root: Place<'v>) -> Option<&'v Value> {
    let last = steps.iter().try_fold(root, |place, step| {
        let next = match step {
            SingularStep::Name(name) => member(place.node, name),
            SingularStep::Index(index) => element(place, *index),
        };
        next.map(|node| place.to(node))
    });
    last.map(|place| place.node)
}

/// Takes the matches as they are found; breaks when it wants no more.
trait Sink<'v> {
    fn node(&mut self, node: &'v Value) -> ControlFlow<()>;

    /// Several at once, which may be cheaper.
    fn nodes(&mut self, mut nodes: impl Iterator<Item = &'v Value>) -> ControlFlow<()> {
        nodes.try_for_each(|node| self.node(node))
    }
}

struct All<'v>(Vec<&'v Value>);

impl<'v> Sink<'v> for All<'v> {
    fn node(&mut self, node: &'v Value) -> ControlFlow<()> {
        self.0.push(node);
        CONTINUE
    }

    fn nodes(&mut self, nodes: impl Iterator<Item = &'v Value>) -> ControlFlow<()> {
        self.0.extend(nodes);
        CONTINUE
    }
}

struct First<'v>(Option<&'v Value>);

impl<'v> Sink<'v> for First<'v> {
    fn node(&mut self, node: &'v Value) -> ControlFlow<()> {
        self.0 = Some(node);
        ControlFlow::Break(())
    }
}

const CONTINUE: ControlFlow<()> = ControlFlow::Continue(());

/// Goes straight on while at most one child matches, and branches where several can.
fn walk<'v>(mut segments: &[Segment], mut place: Place<'v>, sink: &mut impl Sink<'v>) -> ControlFlow<()> {
    while let Some((segment, rest)) = segments.split_first() {
        let child = match segment {
            Segment::Descendant(selectors) => return descend(selectors, rest, place, sink),
            Segment::Child(selectors) => match selectors.as_slice() {
                [Selector::Name(name)] => member(place.node, name),
                [Selector::Index(index)] => element(place, *index),
                several => return select(several, rest, place, sink),
            },
        };
        let Some(child) = child else { return CONTINUE };
        place = place.to(child);
        segments = rest;
    }
    sink.node(place.node)
}

/// A node's own children come before those of its descendants.
fn descend<'v>(
    selectors: &[Selector],
    rest: &[Segment],
    place: Place<'v>,
    sink: &mut impl Sink<'v>,
) -> ControlFlow<()> {
    select(selectors, rest, place, sink)?;
    each_child(place.node, |child| {
        if child.is_array() || child.is_object() {
            descend(selectors, rest, place.to(child), sink)?;
        }
        CONTINUE
    })
}

fn select<'v>(selectors: &[Selector], rest: &[Segment], place: Place<'v>, sink: &mut impl Sink<'v>) -> ControlFlow<()> {
    for selector in selectors {
        match selector {
            Selector::Wildcard if rest.is_empty() => take_children(place, sink)?,
            _ => each_selected(selector, place, |child| walk(rest, place.to(child), sink))?,
        }
    }
    CONTINUE
}

fn each_selected<'v>(
    selector: &Selector,
    place: Place<'v>,
    mut visit: impl FnMut(&'v Value) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match selector {
        Selector::Name(name) => member(place.node, name).map_or(CONTINUE, visit),
        Selector::Index(index) => element(place, *index).map_or(CONTINUE, visit),
        Selector::Wildcard => each_wanted(place, visit),
        Selector::Slice(slice) => elements(place.elements(), *slice).try_for_each(visit),
        Selector::Filter(condition) => each_wanted(place, |child| {
            if filter::holds(condition, place.to(child)) {
                visit(child)?;
            }
            CONTINUE
        }),
    }
}

fn each_child<'v>(node: &'v Value, visit: impl FnMut(&'v Value) -> ControlFlow<()>) -> ControlFlow<()> {
    match node {
        Value::Array(elements) => elements.iter().try_for_each(visit),
        Value::Object(members) => members.values().try_for_each(visit),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => CONTINUE,
    }
}

/// The children that `*` and filters look at.
fn each_wanted<'v>(place: Place<'v>, visit: impl FnMut(&'v Value) -> ControlFlow<()>) -> ControlFlow<()> {
    if place.lone { place.elements().iter().try_for_each(visit) } else { each_child(place.node, visit) }
}

fn take_children<'v>(place: Place<'v>, sink: &mut impl Sink<'v>) -> ControlFlow<()> {
    match place.node {
        _ if place.lone => sink.nodes(place.elements().iter()),
        Value::Array(elements) => sink.nodes(elements.iter()),
        Value::Object(members) => sink.nodes(members.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => CONTINUE,
    }
}

fn member<'v>(node: &'v Value, name: &str) -> Option<&'v Value> {
    node.as_object()?.get(name)
}

fn element<'v>(place: Place<'v>, index: i64) -> Option<&'v Value> {
    let elements = place.elements();
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    let index = if index < 0 { elements.len().checked_sub(distance)? } else { distance };
    elements.get(index)
}

fn elements(elements: &[Value], slice: Slice) -> impl Iterator<Item = &Value> {
    indexes(slice, elements.len()).filter_map(|index| elements.get(index))
}

/// The indexes that a slice picks of `len` elements (RFC 9535, section 2.3.4.2.2).
fn indexes(slice: Slice, len: usize) -> impl Iterator<Item = usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = |index: i64| if index < 0 { len + index } else { index };
    let (lowest, highest) = if slice.step < 0 {
        let start = from_start(slice.start.unwrap_or(len - 1)).clamp(-1, len - 1);
        let end = slice.end.map_or(-1, |end| from_start(end).clamp(-1, len - 1));
        (end + 1, start + 1)
    } else {
        let start = from_start(slice.start.unwrap_or(0)).clamp(0, len);
        let end = from_start(slice.end.unwrap_or(len)).clamp(0, len);
        (start, end)
    };
    let range = if slice.step == 0 { 0..0 } else { lowest..highest };
    stepped(range, slice.step)
}

/// Every `step`th number of the range, from its end when the step is negative.
fn stepped(range: std::ops::Range<i64>, step: i64) -> impl Iterator<Item = usize> {
    let stride = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX).max(1);
    let (up, down) = if step < 0 { (0..0, range) } else { (range, 0..0) };
    up.step_by(stride).chain(down.rev().step_by(stride)).filter_map(|index| usize::try_from(index).ok())
}
