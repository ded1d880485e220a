//! The wire format, read straight into the tree by the descriptor of a message: bounded, and with
//! the byte of every error.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use crate::decode::avro::{double, single};
use crate::decode::budget::Budget;
use crate::decode::cursor::{Cursor, zigzag};
use crate::decode::malformed::Malformed;

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const GROUP: u8 = 3;
const GROUP_END: u8 = 4;
const FIXED32: u8 = 5;

/// Reads bytes that are one message.
pub(in crate::decode) fn read(bytes: &[u8], descriptor: &MessageDescriptor) -> Result<Value, Malformed> {
    let mut wire = Wire { cursor: Cursor::new(bytes), budget: Budget::default() };
    let mut message = Message::default();
    wire.message(descriptor, &mut message, None, 1)?;
    wire.finish(descriptor, message)
}

/// What was read of a message so far, by the numbers of its fields. A field may come in pieces.
#[derive(Default)]
struct Message(BTreeMap<u32, Field>);

enum Field {
    One(Value),
    Message(Message),
    List(Vec<Value>),
    Map(Map<String, Value>),
}

struct Wire<'b> {
    cursor: Cursor<'b>,
    budget: Budget,
}

impl<'b> Wire<'b> {
    /// Reads fields up to the end, or up to the end of the group of that number.
    fn message(
        &mut self,
        descriptor: &MessageDescriptor,
        message: &mut Message,
        group: Option<u32>,
        depth: usize,
    ) -> Result<(), Malformed> {
        self.budget.depth(depth).map_err(|what| self.cursor.malformed(what))?;
        while self.cursor.at < self.cursor.end {
            let start = self.cursor.at;
            let (number, kind) = self.tag()?;
            if kind == GROUP_END {
                let stray = || format!("found the end of the group {number}, which is not open");
                return if group == Some(number) { Ok(()) } else { Err(Malformed::byte(start, stray())) };
            }
            match descriptor.get_field(number) {
                Some(field) => self.field(&field, kind, message, depth)?,
                None => self.skip(number, kind, depth)?,
            }
        }
        match group {
            None => Ok(()),
            Some(number) => Err(self.cursor.malformed(format!("found the end, expected that of the group {number}"))),
        }
    }

    fn tag(&mut self) -> Result<(u32, u8), Malformed> {
        let start = self.cursor.at;
        let tag = self.cursor.varint()?;
        match u32::try_from(tag >> 3) {
            Ok(number) if number > 0 => Ok((number, (tag & 7) as u8)),
            Ok(_) | Err(_) => Err(Malformed::byte(start, "found the number of no field")),
        }
    }

    fn field(
        &mut self,
        field: &FieldDescriptor,
        kind: u8,
        message: &mut Message,
        depth: usize,
    ) -> Result<(), Malformed> {
        self.budget.value().map_err(|what| self.cursor.malformed(what))?;
        let expected = wire_type(field);
        if field.is_list() && kind == LENGTH && expected != LENGTH && expected != GROUP {
            return self.packed(field, message);
        }
        if kind != expected {
            let what = format!("found the wire type {kind} for the field `{}`, expected {expected}", field.name());
            return Err(self.cursor.malformed(what));
        }
        if field.is_map() {
            return self.entry(field, message, depth);
        }
        if let Kind::Message(descriptor) = field.kind() {
            return self.nested(field, &descriptor, message, depth);
        }
        let value = self.scalar(&field.kind())?;
        put(field, message, value);
        Ok(())
    }

    /// Several numbers one behind the other.
    fn packed(&mut self, field: &FieldDescriptor, message: &mut Message) -> Result<(), Malformed> {
        let outer = self.enter()?;
        while self.cursor.at < self.cursor.end {
            self.budget.value().map_err(|what| self.cursor.malformed(what))?;
            let value = self.scalar(&field.kind())?;
            put(field, message, value);
        }
        // A list may be there and empty.
        message.0.entry(field.number()).or_insert_with(|| Field::List(Vec::new()));
        self.cursor.end = outer;
        Ok(())
    }

    fn nested(
        &mut self,
        field: &FieldDescriptor,
        descriptor: &MessageDescriptor,
        message: &mut Message,
        depth: usize,
    ) -> Result<(), Malformed> {
        // What comes twice is one message in two pieces.
        let mut inner = match message.0.remove(&field.number()) {
            Some(Field::Message(inner)) => inner,
            Some(list @ (Field::List(_) | Field::One(_) | Field::Map(_))) => {
                message.0.insert(field.number(), list);
                Message::default()
            }
            None => Message::default(),
        };
        if field.is_group() {
            self.message(descriptor, &mut inner, Some(field.number()), depth + 1)?;
        } else {
            let outer = self.enter()?;
            self.message(descriptor, &mut inner, None, depth + 1)?;
            self.cursor.end = outer;
        }
        if field.is_list() {
            let value = self.finish(descriptor, inner)?;
            put(field, message, value);
        } else {
            clear_choice(field, message);
            message.0.insert(field.number(), Field::Message(inner));
        }
        Ok(())
    }

    /// An entry of a map: a message of a key and a value.
    fn entry(&mut self, field: &FieldDescriptor, message: &mut Message, depth: usize) -> Result<(), Malformed> {
        let Kind::Message(descriptor) = field.kind() else { return Ok(()) };
        let outer = self.enter()?;
        let mut entry = Message::default();
        self.message(&descriptor, &mut entry, None, depth + 1)?;
        self.cursor.end = outer;
        let mut take = |field: FieldDescriptor| match entry.0.remove(&field.number()) {
            Some(Field::One(value)) => Ok(value),
            Some(Field::Message(inner)) => match field.kind() {
                Kind::Message(descriptor) => self.finish(&descriptor, inner),
                _ => Ok(Value::Null),
            },
            Some(Field::List(_) | Field::Map(_)) | None => self.default(&field),
        };
        let key = take(descriptor.map_entry_key_field())?;
        let value = take(descriptor.map_entry_value_field())?;
        let key = match key {
            Value::String(text) => text,
            other => other.to_string(),
        };
        if let Field::Map(members) = message.0.entry(field.number()).or_insert_with(|| Field::Map(Map::new())) {
            members.insert(key, value);
        }
        Ok(())
    }

    fn scalar(&mut self, kind: &Kind) -> Result<Value, Malformed> {
        Ok(match kind {
            Kind::Double => double(f64::from_le_bytes(self.cursor.array()?)),
            Kind::Float => single(f32::from_le_bytes(self.cursor.array()?)),
            Kind::Int32 => (self.cursor.varint()? as i32).into(),
            Kind::Int64 => (self.cursor.varint()? as i64).into(),
            Kind::Uint32 => (self.cursor.varint()? as u32).into(),
            Kind::Uint64 => self.cursor.varint()?.into(),
            Kind::Sint32 => (zigzag(self.cursor.varint()? & u64::from(u32::MAX)) as i32).into(),
            Kind::Sint64 => zigzag(self.cursor.varint()?).into(),
            Kind::Fixed32 => u32::from_le_bytes(self.cursor.array()?).into(),
            Kind::Fixed64 => u64::from_le_bytes(self.cursor.array()?).into(),
            Kind::Sfixed32 => i32::from_le_bytes(self.cursor.array()?).into(),
            Kind::Sfixed64 => i64::from_le_bytes(self.cursor.array()?).into(),
            Kind::Bool => (self.cursor.varint()? != 0).into(),
            Kind::String => self.string()?.into(),
            Kind::Bytes => STANDARD.encode(self.delimited()?).into(),
            Kind::Enum(descriptor) => {
                let number = self.cursor.varint()? as i32;
                descriptor.get_value(number).map_or_else(|| number.into(), |value| value.name().into())
            }
            Kind::Message(_) => Value::Null,
        })
    }

    /// What a field is that the answer does not say.
    fn default(&mut self, field: &FieldDescriptor) -> Result<Value, Malformed> {
        Ok(match field.kind() {
            _ if field.is_list() => Value::Array(Vec::new()),
            _ if field.is_map() => Value::Object(Map::new()),
            Kind::Double | Kind::Float => 0.0.into(),
            Kind::Bool => false.into(),
            Kind::String | Kind::Bytes => "".into(),
            Kind::Enum(descriptor) => descriptor.default_value().name().into(),
            Kind::Message(descriptor) => self.finish(&descriptor, Message::default())?,
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64 => 0.into(),
        })
    }

    /// The object of a message, its members in the order of the schema.
    fn finish(&mut self, descriptor: &MessageDescriptor, mut message: Message) -> Result<Value, Malformed> {
        let mut members = Map::new();
        for field in descriptor.fields() {
            let value = match message.0.remove(&field.number()) {
                Some(Field::One(value)) => value,
                Some(Field::List(list)) => Value::Array(list),
                Some(Field::Map(map)) => Value::Object(map),
                Some(Field::Message(inner)) => match field.kind() {
                    Kind::Message(descriptor) => self.finish(&descriptor, inner)?,
                    _ => continue,
                },
                None if field.supports_presence() => continue,
                None => self.default(&field)?,
            };
            self.budget.repeated(field.name()).map_err(|what| self.cursor.malformed(what))?;
            members.insert(field.name().to_owned(), value);
        }
        Ok(Value::Object(members))
    }

    /// Passes over a field that the schema does not know.
    fn skip(&mut self, number: u32, kind: u8, depth: usize) -> Result<(), Malformed> {
        self.budget.depth(depth).map_err(|what| self.cursor.malformed(what))?;
        match kind {
            VARINT => self.cursor.varint().map(drop),
            FIXED64 => self.cursor.take(8).map(drop),
            LENGTH => self.delimited().map(drop),
            FIXED32 => self.cursor.take(4).map(drop),
            GROUP => loop {
                match self.tag()? {
                    (end, GROUP_END) if end == number => return Ok(()),
                    (inner, kind) => self.skip(inner, kind, depth + 1)?,
                }
            },
            _ => Err(self.cursor.malformed(format!("found the wire type {kind}, expected 0 to 5"))),
        }
    }

    /// Begins what has a length of its own, and gives the end of what is around it.
    fn enter(&mut self) -> Result<usize, Malformed> {
        let start = self.cursor.at;
        let length = self.cursor.varint()?;
        let left = self.cursor.end - self.cursor.at;
        match usize::try_from(length) {
            Ok(length) if length <= left => Ok(std::mem::replace(&mut self.cursor.end, self.cursor.at + length)),
            Ok(_) | Err(_) => {
                Err(Malformed::byte(start, format!("found the length {length}, expected {left} at most")))
            }
        }
    }

    fn delimited(&mut self) -> Result<&'b [u8], Malformed> {
        let outer = self.enter()?;
        let bytes = self.cursor.take(self.cursor.end - self.cursor.at)?;
        self.cursor.end = outer;
        Ok(bytes)
    }

    fn string(&mut self) -> Result<&'b str, Malformed> {
        let bytes = self.delimited()?;
        self.cursor.text(bytes)
    }
}

/// Puts a value where the field has its own: the last counts, a list takes all.
fn put(field: &FieldDescriptor, message: &mut Message, value: Value) {
    if !field.is_list() {
        clear_choice(field, message);
        message.0.insert(field.number(), Field::One(value));
    } else if let Field::List(list) = message.0.entry(field.number()).or_insert_with(|| Field::List(Vec::new())) {
        list.push(value);
    }
}

/// Of the fields of a `oneof`, the last one counts.
fn clear_choice(field: &FieldDescriptor, message: &mut Message) {
    if let Some(choice) = field.containing_oneof() {
        choice.fields().filter(|other| other.number() != field.number()).for_each(|other| {
            message.0.remove(&other.number());
        });
    }
}

fn wire_type(field: &FieldDescriptor) -> u8 {
    match field.kind() {
        Kind::Message(_) if field.is_group() => GROUP,
        Kind::Message(_) | Kind::String | Kind::Bytes => LENGTH,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => FIXED64,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => FIXED32,
        Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Bool
        | Kind::Enum(_) => VARINT,
    }
}
