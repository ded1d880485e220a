//! Reads the values at some paths from a JSON text in one pass, and builds nothing else.
//!
//! The wanted paths form a tree that is walked beside the text. Where the tree ends, a value is
//! built; where the text leaves the tree, it is skipped.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

use super::{JsonPath, SingularStep};

/// Paths that can be read from a text in one pass: those that lead to one node by names and by
/// indexes from the start.
#[derive(Clone, Debug)]
pub struct Projection {
    wanted: Wanted,
    paths: usize,
}

/// What is wanted of one value of the text.
#[derive(Clone, Debug, Default)]
struct Wanted {
    /// The paths that end here, by their place in the list.
    whole: Vec<usize>,
    members: Vec<(String, Wanted)>,
    /// In ascending order.
    elements: Vec<(usize, Wanted)>,
}

/// Reads the value at each path from a JSON text; `None` where a path finds nothing.
///
/// Paths that a [`Projection`] cannot read are answered too, by reading the whole text.
///
/// # Errors
/// The text is not one JSON document. Parts that no path wants are checked for structure alone, so
/// a number out of range or a broken escape in them goes unnoticed.
pub fn project(bytes: &[u8], paths: &[&JsonPath]) -> Result<Vec<Option<Value>>, serde_json::Error> {
    match Projection::new(paths) {
        Some(projection) => projection.read(bytes),
        None => {
            let document = serde_json::from_slice(bytes)?;
            let select = |path: &&JsonPath| path.select(&document).to_value();
            Ok(paths.iter().map(select).collect())
        }
    }
}

impl Projection {
    /// Compiles the paths together; `None` when one of them can match many nodes, counts from the
    /// end of an array or ends in `.length()`.
    pub fn new(paths: &[&JsonPath]) -> Option<Self> {
        let mut wanted = Wanted::default();
        for (slot, path) in paths.iter().enumerate() {
            wanted.add(path.singular_steps()?, slot)?;
        }
        Some(Self { wanted, paths: paths.len() })
    }

    /// Reads the value at each path, in the order of the paths.
    ///
    /// # Errors
    /// As for [`project`].
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<Option<Value>>, serde_json::Error> {
        let mut found = vec![None; self.paths];
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let reader = Reader { wanted: &self.wanted, found: &mut found };
        reader.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(found)
    }
}

impl Wanted {
    fn add(&mut self, steps: &[SingularStep], slot: usize) -> Option<()> {
        match steps.split_first() {
            None => self.whole.push(slot),
            Some((SingularStep::Name(name), rest)) => self.member_mut(name).add(rest, slot)?,
            Some((SingularStep::Index(index), rest)) => {
                let index = usize::try_from(*index).ok()?;
                self.element_mut(index).add(rest, slot)?;
            }
        }
        Some(())
    }

    fn member_mut(&mut self, name: &str) -> &mut Wanted {
        let known = self.members.iter().position(|(known, _)| known == name);
        let position = known.unwrap_or_else(|| {
            self.members.push((name.to_owned(), Wanted::default()));
            self.members.len() - 1
        });
        &mut self.members[position].1
    }

    fn element_mut(&mut self, index: usize) -> &mut Wanted {
        let position = match self.elements.binary_search_by_key(&index, |(known, _)| *known) {
            Ok(position) => position,
            Err(position) => {
                self.elements.insert(position, (index, Wanted::default()));
                position
            }
        };
        &mut self.elements[position].1
    }

    /// Answers everything that is wanted of a value that has been built.
    fn take_from(&self, value: &Value, found: &mut [Option<Value>]) {
        for slot in &self.whole {
            found[*slot] = Some(value.clone());
        }
        for (name, wanted) in &self.members {
            if let Some(member) = value.as_object().and_then(|members| members.get(name)) {
                wanted.take_from(member, found);
            }
        }
        for (index, wanted) in &self.elements {
            if let Some(element) = value.as_array().and_then(|elements| elements.get(*index)) {
                wanted.take_from(element, found);
            }
        }
    }

    /// Takes back what an earlier member of the same name gave: the last one counts.
    fn clear(&self, found: &mut [Option<Value>]) {
        for slot in &self.whole {
            found[*slot] = None;
        }
        let members = self.members.iter().map(|(_, wanted)| wanted);
        let elements = self.elements.iter().map(|(_, wanted)| wanted);
        for wanted in members.chain(elements) {
            wanted.clear(found);
        }
    }
}

/// Reads one value of the text.
struct Reader<'p> {
    wanted: &'p Wanted,
    found: &'p mut [Option<Value>],
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.wanted.whole.is_empty() {
            return deserializer.deserialize_any(self);
        }
        let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
        self.wanted.take_from(&value, self.found);
        if let [slot] = self.wanted.whole[..] {
            self.found[slot] = Some(value);
        }
        Ok(())
    }
}

/// A scalar has nothing within it, so only objects and arrays are looked into.
impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(position) = members.next_key_seed(MemberName(self.wanted))? {
            let Some((_, wanted)) = position.and_then(|at| self.wanted.members.get(at)) else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            wanted.clear(self.found);
            members.next_value_seed(Reader { wanted, found: self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut passed = 0;
        for (index, wanted) in &self.wanted.elements {
            while passed < *index {
                if elements.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
                passed += 1;
            }
            let reader = Reader { wanted, found: self.found };
            if elements.next_element_seed(reader)?.is_none() {
                return Ok(());
            }
            passed += 1;
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Reads a member's name and answers its place among those that are wanted.
struct MemberName<'p>(&'p Wanted);

impl<'de> DeserializeSeed<'de> for MemberName<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberName<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        let mut names = self.0.members.iter().map(|(name, _)| name);
        Ok(names.position(|known| known == name))
    }
}
