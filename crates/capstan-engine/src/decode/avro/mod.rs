//! Avro (1.12): a single datum with the schema of the operation, or an object container file, which
//! brings its own and becomes a list.
//!
//! Records and maps are objects, a union is the value that was chosen, an enum its symbol; bytes
//! and `fixed` are base64. Dates and times are the numbers that Avro has for them, a `decimal` is
//! an exact text, a `uuid` its usual form. Errors name the byte.
//!
//! The reader is our own: it must know positions and stop at bounds of this call, where the usual
//! library knows none and has bounds for the whole process. Tests hold the two equal.

mod container;
mod datum;
mod schema;

use serde_json::Value;

use super::malformed::Malformed;
pub(super) use datum::{double, single};
pub(super) use schema::Schema;

/// Reads an answer.
pub(super) fn read(body: &[u8], schema: Option<&Schema>) -> Result<Value, Malformed> {
    match (body.strip_prefix(container::MAGIC), schema) {
        (Some(_), _) => container::read(body),
        (None, Some(schema)) => datum::read_whole(body, schema),
        (None, None) => {
            let what = "found no container file, which begins with `Obj`; one datum needs an `outputSchema`";
            Err(Malformed::byte(0, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use apache_avro::types::Value as Avro;
    use apache_avro::writer::datum::GenericDatumWriter;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = r#"{"type": "record", "name": "r", "namespace": "n", "fields": [
        {"name": "l", "type": "long"},
        {"name": "s", "type": ["null", "string"]},
        {"name": "a", "type": {"type": "array", "items": {"type": "map", "values": "double"}}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
        {"name": "b", "type": {"type": "fixed", "name": "F", "size": 3}},
        {"name": "next", "type": ["null", "n.r"]}
    ]}"#;

    fn record(l: i64, s: Option<String>, a: Vec<f64>, deep: bool) -> Avro {
        let next = if deep {
            Avro::Union(1, Box::new(record(l, None, a.clone(), false)))
        } else {
            Avro::Union(0, Box::new(Avro::Null))
        };
        Avro::Record(vec![
            ("l".into(), Avro::Long(l)),
            ("s".into(), s.map_or(Avro::Union(0, Box::new(Avro::Null)), |s| Avro::Union(1, Box::new(Avro::String(s))))),
            (
                "a".into(),
                Avro::Array(a.into_iter().map(|f| Avro::Map([("k".to_owned(), Avro::Double(f))].into())).collect()),
            ),
            ("e".into(), Avro::Enum(1, "B".into())),
            ("b".into(), Avro::Fixed(3, vec![1, 2, 3])),
            ("next".into(), next),
        ])
    }

    fn expected(l: i64, s: Option<&str>, a: &[f64], next: Value) -> Value {
        let a: Vec<Value> = a.iter().map(|f| json!({"k": f})).collect();
        json!({"l": l, "s": s, "a": a, "e": "B", "b": "AQID", "next": next})
    }

    proptest! {
        #[test]
        fn what_the_library_writes_is_read(
            l: i64, s: Option<String>, a in prop::collection::vec(-1e9..1e9, 0..4),
        ) {
            let library = apache_avro::Schema::parse_str(SCHEMA).expect("it is a schema");
            let datum = record(l, s.clone(), a.clone(), true);
            let ours = Schema::parse(SCHEMA).expect("it is a schema");
            let value = expected(l, s.as_deref(), &a, expected(l, None, &a, Value::Null));

            let writer = GenericDatumWriter::builder(&library).build().expect("the schema is whole");
            let bytes = writer.write_value_to_vec(datum.clone()).expect("the datum fits");
            prop_assert_eq!(read(&bytes, Some(&ours)), Ok(value.clone()));

            let mut writer = apache_avro::Writer::new(&library, Vec::new()).expect("the schema is known");
            for _ in 0..2 {
                writer.append_value(datum.clone()).expect("the datum fits");
            }
            let bytes = writer.into_inner().expect("a vector takes all");
            prop_assert_eq!(read(&bytes, None), Ok(json!([value, value])));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, in_file: bool) {
            let bytes = if in_file { [container::MAGIC, bytes.as_slice()].concat() } else { bytes };
            let _ = read(&bytes, Some(&Schema::parse(SCHEMA).expect("it is a schema"))); // only a panic counts
        }
    }
}
