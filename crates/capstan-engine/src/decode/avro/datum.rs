//! One datum in Avro's binary encoding, bounded and with the byte of every error.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::schema::{Schema, Type, TypeId};
use crate::decode::budget::Budget;
use crate::decode::cursor::{Cursor, zigzag};
use crate::decode::malformed::Malformed;

/// Bytes of one decimal; what has more is no amount of anything.
const DECIMAL_BYTES_MAX: usize = 128;

/// Reads bytes that are one datum and nothing else.
pub(super) fn read_whole(bytes: &[u8], schema: &Schema) -> Result<Value, Malformed> {
    let mut datum = Datum::new(bytes, schema);
    let value = datum.read()?;
    match bytes.len() - datum.cursor.at {
        0 => Ok(value),
        more => Err(datum.cursor.malformed(format!("found {more} bytes more, expected the end of the datum"))),
    }
}

/// Bytes that hold data of a schema.
pub(super) struct Datum<'d> {
    pub(super) cursor: Cursor<'d>,
    schema: &'d Schema,
    pub(super) budget: Budget,
}

impl<'d> Datum<'d> {
    pub(super) fn new(bytes: &'d [u8], schema: &'d Schema) -> Self {
        Datum { cursor: Cursor::new(bytes), schema, budget: Budget::default() }
    }

    /// Reads the next datum.
    pub(super) fn read(&mut self) -> Result<Value, Malformed> {
        self.value(self.schema.root(), 1)
    }

    fn value(&mut self, id: TypeId, depth: usize) -> Result<Value, Malformed> {
        self.budget.value().map_err(|what| self.cursor.malformed(what))?;
        self.budget.depth(depth).map_err(|what| self.cursor.malformed(what))?;
        Ok(match self.schema.get(id) {
            Type::Null => Value::Null,
            Type::Boolean => self.boolean()?.into(),
            Type::Int | Type::Long => self.long()?.into(),
            Type::Float => single(f32::from_le_bytes(self.cursor.array()?)),
            Type::Double => double(f64::from_le_bytes(self.cursor.array()?)),
            Type::Bytes => STANDARD.encode(self.bytes()?).into(),
            Type::String => self.string()?.into(),
            Type::Fixed(size) => STANDARD.encode(self.cursor.take(*size)?).into(),
            Type::Uuid => uuid(self.cursor.take(16)?).into(),
            Type::Decimal { scale, size } => self.decimal(*scale, *size)?,
            Type::Enum(symbols) => self.one_of(symbols, "symbols")?.as_ref().into(),
            Type::Union(branches) => {
                let branch = *self.one_of(branches, "branches")?;
                self.value(branch, depth + 1)?
            }
            Type::Array(items) => self.items(*items, depth)?,
            Type::Map(values) => self.map(*values, depth)?,
            Type::Record(fields) => self.record(fields, depth)?,
        })
    }

    fn record(&mut self, fields: &[(Box<str>, TypeId)], depth: usize) -> Result<Value, Malformed> {
        let mut members = Map::with_capacity(fields.len());
        for (name, kind) in fields {
            self.budget.repeated(name).map_err(|what| self.cursor.malformed(what))?;
            members.insert(name.to_string(), self.value(*kind, depth + 1)?);
        }
        Ok(Value::Object(members))
    }

    fn items(&mut self, items: TypeId, depth: usize) -> Result<Value, Malformed> {
        let mut elements = Vec::new();
        loop {
            let count = self.block()?;
            if count == 0 {
                return Ok(Value::Array(elements));
            }
            for _ in 0..count {
                elements.push(self.value(items, depth + 1)?);
            }
        }
    }

    fn map(&mut self, values: TypeId, depth: usize) -> Result<Value, Malformed> {
        let mut members = Map::new();
        loop {
            let count = self.block()?;
            if count == 0 {
                return Ok(Value::Object(members));
            }
            for _ in 0..count {
                let key = self.string()?.to_owned();
                members.insert(key, self.value(values, depth + 1)?);
            }
        }
    }

    /// How many elements the next block has. A negative count is followed by the block's size.
    fn block(&mut self) -> Result<u64, Malformed> {
        let count = self.long()?;
        if count < 0 {
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }

    fn one_of<'t, T>(&mut self, all: &'t [T], what: &str) -> Result<&'t T, Malformed> {
        let start = self.cursor.at;
        let index = self.long()?;
        let found = usize::try_from(index).ok().and_then(|index| all.get(index));
        found.ok_or_else(|| {
            Malformed::byte(start, format!("found the index {index}, expected one of {} {what}", all.len()))
        })
    }

    fn boolean(&mut self) -> Result<bool, Malformed> {
        let start = self.cursor.at;
        match self.cursor.array::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(Malformed::byte(start, format!("found {other}, expected a boolean, 0 or 1"))),
        }
    }

    /// A number in zigzag, seven bits a byte.
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        self.cursor.varint().map(zigzag)
    }

    pub(super) fn bytes(&mut self) -> Result<&'d [u8], Malformed> {
        let start = self.cursor.at;
        let length = self.long()?;
        let length = usize::try_from(length)
            .map_err(|_| Malformed::byte(start, format!("found the length {length}, expected 0 or more")))?;
        self.cursor.take(length)
    }

    fn string(&mut self) -> Result<&'d str, Malformed> {
        let bytes = self.bytes()?;
        self.cursor.text(bytes)
    }

    fn decimal(&mut self, scale: usize, size: Option<usize>) -> Result<Value, Malformed> {
        let start = self.cursor.at;
        let bytes = match size {
            Some(size) => self.cursor.take(size)?,
            None => self.bytes()?,
        };
        if bytes.len() > DECIMAL_BYTES_MAX || scale > DECIMAL_BYTES_MAX * 3 {
            return Err(Malformed::byte(start, format!("found a decimal of more than {DECIMAL_BYTES_MAX} bytes")));
        }
        Ok(decimal(bytes, scale).into())
    }
}

/// A number of single precision, in the digits that it needs.
pub(in crate::decode) fn single(number: f32) -> Value {
    double(number.to_string().parse().unwrap_or(f64::from(number)))
}

/// A number; one that JSON does not have is its name.
pub(in crate::decode) fn double(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

fn uuid(bytes: &[u8]) -> String {
    let hex = |range: std::ops::Range<usize>| bytes[range].iter().map(|b| format!("{b:02x}")).collect::<String>();
    [0..4, 4..6, 6..8, 8..10, 10..16].map(hex).join("-")
}

/// A number in two's complement, the highest byte first, with its point put in.
fn decimal(bytes: &[u8], scale: usize) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u16;
        for byte in &mut magnitude {
            let part = rest * 256 + u16::from(*byte);
            *byte = (part / 10) as u8;
            rest = part % 10;
        }
        digits.push(b'0' + rest as u8);
    }
    while digits.len() <= scale {
        digits.push(b'0');
    }
    digits.reverse();
    let mut text: String = digits.into_iter().map(char::from).collect();
    if scale > 0 {
        text.insert(text.len() - scale, '.');
    }
    if negative { format!("-{text}") } else { text }
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes.iter_mut().rev() {
        let (sum, overflow) = (!*byte).overflowing_add(u8::from(carry));
        *byte = sum;
        carry = overflow;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn reads(schema: &str, bytes: &[u8], value: Value) {
        assert_eq!(read_whole(bytes, &Schema::parse(schema).expect("it is a schema")), Ok(value), "{schema}");
    }

    fn error(schema: &str, bytes: &[u8]) -> String {
        read_whole(bytes, &Schema::parse(schema).expect("it is a schema")).expect_err("it is malformed").to_string()
    }

    #[test]
    fn data_become_json() {
        // The examples of the specification, section "Binary Encoding".
        reads(r#""long""#, &[0x7f], json!(-64));
        reads(r#""long""#, &[0x80, 0x01], json!(64));
        reads(r#""string""#, &[0x06, 0x66, 0x6f, 0x6f], json!("foo"));
        reads(r#"{"type": "array", "items": "long"}"#, &[0x04, 0x06, 0x36, 0x00], json!([3, 27]));
        reads(r#"["null", "string"]"#, &[0x02, 0x02, 0x61], json!("a"));
        reads(r#""float""#, &0.1_f32.to_le_bytes(), json!(0.1));
        reads(r#""double""#, &f64::NAN.to_le_bytes(), json!("NaN"));
        reads(r#"{"type": "array", "items": "long"}"#, &[0x01, 0x02, 0x06, 0x00], json!([3]));
    }

    #[test]
    fn logical_types_are_exact() {
        let decimal = r#"{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}"#;
        reads(decimal, &[0x04, 0x04, 0xd2], json!("12.34"));
        reads(decimal, &[0x02, 0xff], json!("-0.01"));
        reads(decimal, &[0x00], json!("0.00"));
        let uuid = r#"{"type": "fixed", "name": "u", "size": 16, "logicalType": "uuid"}"#;
        reads(uuid, &[0xab; 16], json!("abababab-abab-abab-abab-abababababab"));
    }

    #[test]
    fn errors_name_the_byte() {
        assert_eq!(error(r#""string""#, &[0x06, 0x66]), "byte 1: found the end after 1 bytes, expected 3");
        assert_eq!(error(r#""string""#, &[0x02, 0xff]), "byte 1: found a byte that is no text in UTF-8");
        assert_eq!(error(r#""null""#, &[0x00]), "byte 0: found 1 bytes more, expected the end of the datum");
        assert_eq!(error(r#""boolean""#, &[2]), "byte 0: found 2, expected a boolean, 0 or 1");
        assert_eq!(error(r#"["null"]"#, &[0x02]), "byte 0: found the index 1, expected one of 1 branches");
        assert_eq!(error(r#""bytes""#, &[0x01]), "byte 0: found the length -1, expected 0 or more");
        assert_eq!(error(r#""long""#, &[0xff; 11]), "byte 0: found a number of more than ten bytes");
    }

    #[test]
    fn a_few_bytes_cannot_say_a_billion_values() {
        let many = [0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00];
        assert!(error(r#"{"type": "array", "items": "null"}"#, &many).contains("more values than can be held"));
        let endless = r#"{"type": "record", "name": "r", "fields": [{"name": "r", "type": "r"}]}"#;
        assert!(error(endless, &[]).contains("deeper than 128 levels"));
    }
}
