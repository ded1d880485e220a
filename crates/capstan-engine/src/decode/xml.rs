//! XML 1.0 with namespaces. The root's name is dropped; an element is an object of its attributes and
//! children by local name, one without either is its text; what repeats is a list.
//!
//! - Every leaf is a text, an empty element the empty text; `xsi:nil="true"` is null.
//! - Text beside attributes or children stands under `""`.
//! - An attribute that shares its name with a child is `@name`.
//! - Of children (or attributes) with one local name in several namespaces, each keeps its name as
//!   written, `prefix:name`; where that does not tell them apart, it is `{namespace}name`.
//!
//! Nothing of a DTD is read: one that declares something is refused, others are passed over, and
//! an entity that XML itself does not define is an error.

use indexmap::IndexMap;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};
use quick_xml::{NsReader, XmlVersion};
use serde_json::{Map, Value};

use super::budget::Budget;
use super::malformed::Malformed;
use crate::limits::XML_NAMESPACES_MAX;

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Value, Malformed> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    Document { text, reader, open: Vec::new(), root: None, budget: Budget::default() }.read()
}

struct Document<'t> {
    text: &'t str,
    reader: NsReader<&'t [u8]>,
    /// The elements that are not closed yet.
    open: Vec<Element>,
    root: Option<Value>,
    budget: Budget,
}

/// An element that is being read.
struct Element {
    name: Name,
    nil: bool,
    text: String,
    /// What it has, by local name.
    members: IndexMap<String, Vec<Group>>,
}

/// A name as written, and what it stands for.
struct Name {
    written: String,
    namespace: Option<Box<str>>,
}

/// Members of one name.
struct Group {
    name: Name,
    is_attribute: bool,
    values: Vec<Value>,
}

impl<'t> Document<'t> {
    fn read(mut self) -> Result<Value, Malformed> {
        loop {
            let at = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.broken(&error)),
            };
            if matches!(event, Event::Eof) {
                return self.end(at);
            }
            self.event(event).map_err(|what| Malformed::at(self.text, at, what))?;
        }
    }

    /// An error of the parser. Of a text that ends too soon, the end is the place.
    fn broken(&self, error: &quick_xml::Error) -> Malformed {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        let text = error.to_string();
        let what = text.strip_prefix("ill-formed document: ").or_else(|| text.strip_prefix("syntax error: "));
        Malformed::at(self.text, at, what.unwrap_or(&text))
    }

    fn end(self, at: usize) -> Result<Value, Malformed> {
        if let Some(element) = self.open.last() {
            let what = format!("found the end of the answer, expected `</{}>`", element.name.written);
            return Err(Malformed::at(self.text, at, what));
        }
        self.root.ok_or_else(|| Malformed::at(self.text, at, "found no element, expected one"))
    }

    fn event(&mut self, event: Event<'t>) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::Empty(start) => {
                self.start(&start)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.characters(&text.xml10_content()),
            Event::CData(text) => self.characters(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let name = reference.into_inner();
                let referenced = referenced(&name)?;
                self.characters(referenced.encode_utf8(&mut [0; 4]))
            }
            Event::DocType(doctype) if doctype.contains('[') => {
                Err("found a DTD that declares something, which is not read; expected none".to_owned())
            }
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'t>) -> Result<(), String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(format!("found a second root, `<{}>`, expected the end", start.name().as_ref()));
        }
        self.budget.depth(self.open.len() + 1)?;
        self.budget.value()?;
        let (namespace, _) = self.reader.resolver().resolve_element(start.name());
        let mut element =
            Element { name: name(start.name(), namespace)?, nil: false, text: String::new(), members: IndexMap::new() };
        self.attributes(start, &mut element)?;
        self.open.push(element);
        Ok(())
    }

    fn attributes(&mut self, start: &BytesStart<'t>, element: &mut Element) -> Result<(), String> {
        // Duplicates are found below: the library's own search looks at all attributes for each.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            if attribute.value.contains('<') {
                return Err(format!("found `<` in the attribute `{}`, expected `&lt;`", attribute.key.as_ref()));
            }
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            let value = value.map_err(|error| error.to_string())?.into_owned();
            let (namespace, _) = self.reader.resolver().resolve_attribute(attribute.key);
            let name = name(attribute.key, namespace)?;
            if name.namespace.as_deref() == Some(INSTANCE) && name.local() == "nil" {
                element.nil = matches!(value.trim(), "true" | "1");
                continue;
            }
            self.budget.value()?;
            if element.has_attribute(&name) {
                return Err(format!("found the attribute `{}` twice", name.written));
            }
            element.add(name, true, Value::String(value))?;
        }
        Ok(())
    }

    fn characters(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err("found text outside of the root element".to_owned()),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let element = self.open.pop().ok_or("found an end tag, expected no more")?;
        let (name, value) = element.into_value();
        match self.open.last_mut() {
            Some(parent) => parent.add(name, false, value)?,
            None => self.root = Some(value),
        }
        Ok(())
    }
}

/// A character that is written as a reference.
fn referenced(name: &str) -> Result<char, String> {
    let code = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => match name.strip_prefix("#x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => name.strip_prefix('#').and_then(|digits| digits.parse().ok()),
        },
    };
    let allowed =
        |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let character = code.and_then(char::from_u32).filter(allowed);
    character.ok_or_else(|| format!("found `&{name};`, which XML does not define"))
}

fn name(written: QName<'_>, namespace: ResolveResult<'_>) -> Result<Name, String> {
    let namespace = match namespace {
        ResolveResult::Unbound => None,
        ResolveResult::Bound(Namespace(uri)) => Some(uri.into()),
        ResolveResult::Unknown(prefix) => return Err(format!("the prefix `{prefix}` is not declared")),
    };
    Ok(Name { written: written.as_ref().to_owned(), namespace })
}

impl Name {
    fn local(&self) -> &str {
        self.written.rsplit_once(':').map_or(&self.written, |(_, local)| local)
    }

    fn full(&self) -> String {
        format!("{{{}}}{}", self.namespace.as_deref().unwrap_or_default(), self.local())
    }
}

impl Group {
    fn is(&self, name: &Name, is_attribute: bool) -> bool {
        self.is_attribute == is_attribute && self.name.namespace == name.namespace
    }
}

impl Element {
    fn has_attribute(&self, name: &Name) -> bool {
        self.members.get(name.local()).is_some_and(|groups| groups.iter().any(|group| group.is(name, true)))
    }

    fn add(&mut self, name: Name, is_attribute: bool, value: Value) -> Result<(), String> {
        let groups = match self.members.get_mut(name.local()) {
            Some(groups) => groups,
            None => self.members.entry(name.local().to_owned()).or_default(),
        };
        match groups.iter().position(|group| group.is(&name, is_attribute)) {
            Some(at) => groups[at].values.push(value),
            None if groups.len() >= XML_NAMESPACES_MAX => {
                return Err(format!("found `{}` in more than {XML_NAMESPACES_MAX} namespaces", name.local()));
            }
            None => groups.push(Group { name, is_attribute, values: vec![value] }),
        }
        Ok(())
    }

    fn into_value(self) -> (Name, Value) {
        let Element { name, nil, text, members } = self;
        if members.is_empty() {
            return (name, if nil && text.trim().is_empty() { Value::Null } else { Value::String(text) });
        }
        let mut object = Map::with_capacity(members.len());
        for (local, groups) in members {
            insert(&mut object, local, groups);
        }
        if !text.trim().is_empty() {
            object.insert(String::new(), Value::String(text));
        }
        (name, Value::Object(object))
    }
}

/// Puts the members of one local name under keys that tell them apart.
fn insert(object: &mut Map<String, Value>, local: String, mut groups: Vec<Group>) {
    if groups.len() == 1 {
        object.extend(groups.pop().map(|group| (local, one_or_list(group.values))));
        return;
    }
    let children = groups.iter().filter(|group| !group.is_attribute).count();
    let attributes = groups.len() - children;
    for group in groups {
        let alike = if group.is_attribute { attributes } else { children };
        let mark = if group.is_attribute && children > 0 { "@" } else { "" };
        let short = if alike == 1 { &local } else { &group.name.written };
        let mut key = format!("{mark}{short}");
        if object.contains_key(&key) {
            key = format!("{mark}{}", group.name.full());
        }
        object.insert(key, one_or_list(group.values));
    }
}

fn one_or_list(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.pop().unwrap_or_default(),
        _ => Value::Array(values),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn reads(text: &str, value: &Value) {
        assert_eq!(read(text).as_ref(), Ok(value), "{text}");
    }

    fn error(text: &str) -> String {
        read(text).expect_err("it is malformed").to_string()
    }

    #[test]
    fn elements_become_what_the_reference_engine_makes_of_them() {
        reads("<r><a>1</a><b/><c> x </c></r>", &json!({"a": "1", "b": "", "c": " x "}));
        reads("<r>\n <v>1</v>\n <v><n>2</n></v>\n</r>", &json!({"v": ["1", {"n": "2"}]}));
        reads("<r><a id='7'>text</a></r>", &json!({"a": {"id": "7", "": "text"}}));
        reads("<r>text</r>", &json!("text"));
        reads("<r><![CDATA[<&>]]>&lt;&#65;&#x42;</r>", &json!("<&><AB"));
        reads(
            "<?xml version='1.0'?><!DOCTYPE r SYSTEM 'r.dtd'><!-- c --><r a='&amp;&#10;x y'/>",
            &json!({"a": "&\nx y"}),
        );
    }

    #[test]
    fn names_that_would_meet_are_kept_apart() {
        reads("<r><a name='x'><name>y</name></a></r>", &json!({"a": {"@name": "x", "name": "y"}}));
        reads(
            "<r xmlns:p='u:p' xmlns:q='u:q'><p:n>1</p:n><q:n>2</q:n><p:m>3</p:m><p:n>4</p:n></r>",
            &json!({"p:n": ["1", "4"], "q:n": "2", "m": "3"}),
        );
        reads("<r xmlns='u:a'><n>1</n><n xmlns='u:b'>2</n></r>", &json!({"n": "1", "{u:b}n": "2"}));
        reads("<r xmlns:l='u:l' l:h='1' h='2'/>", &json!({"l:h": "1", "h": "2"}));
        reads("<r xmlns:p='u' xmlns:q='u'><p:n>1</p:n><q:n>2</q:n></r>", &json!({"n": ["1", "2"]}));
    }

    #[test]
    fn nil_is_null() {
        let instance = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
        reads(&format!("<r {instance}><a xsi:nil='true'/><b xsi:nil='false'/></r>"), &json!({"a": null, "b": ""}));
    }

    #[test]
    fn what_is_not_well_formed_has_a_place() {
        assert!(error("<r>\n <a></b></r>").starts_with("line 2, column 5: "), "{}", error("<r>\n <a></b></r>"));
        assert_eq!(error("<r>\n<a>"), "line 2, column 4: found the end of the answer, expected `</a>`");
        assert_eq!(error("<r/>\n<q/>"), "line 2, column 1: found a second root, `<q>`, expected the end");
        assert_eq!(error("<r>&nbsp;</r>"), "line 1, column 4: found `&nbsp;`, which XML does not define");
        assert_eq!(error("<p:r/>"), "line 1, column 1: the prefix `p` is not declared");
        assert_eq!(error("text"), "line 1, column 1: found text outside of the root element");
        assert_eq!(error("<?xml version='1.0'?>"), "line 1, column 22: found no element, expected one");
        for text in [
            "<r a='1' a='2'/>",
            "<r a=1/>",
            "<r a='<'/>",
            "<r a='&x;'/>",
            "<r>&#0;</r>",
            "<r",
            "</r>",
            "<!-- -- --><r/>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_dtd_that_declares_something_is_refused() {
        let bomb = "<!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><r>&b;</r>";
        assert!(error(bomb).contains("DTD"));
        assert!(error("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>").contains("DTD"));
    }

    #[test]
    fn many_attributes_and_namespaces_take_no_square_of_time() {
        let attributes: String = (0..200_000).map(|n| format!(" a{n}=''")).collect();
        assert!(read(&format!("<r{attributes}/>")).is_ok());
        let children: String = (0..200_000).map(|n| format!("<a xmlns='{n}'/>")).collect();
        assert!(error(&format!("<r>{children}</r>")).contains("more than 64 namespaces"));
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&format!("{}{}", "<a>".repeat(128), "</a>".repeat(128))).is_ok());
        assert!(error(&"<a>".repeat(1_000_000)).contains("deeper than 128 levels"));
    }
}
