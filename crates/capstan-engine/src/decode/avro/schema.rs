//! An Avro schema, its names resolved: types are numbered, so that a record may hold itself.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A compiled schema.
#[derive(Debug)]
pub(in crate::decode) struct Schema {
    types: Vec<Type>,
    root: TypeId,
}

/// A type of a schema.
pub(super) type TypeId = usize;

/// What a datum is made of.
#[derive(Debug)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    /// A `fixed` of 16 bytes that is a UUID.
    Uuid,
    /// A number in bytes, in a `fixed` of this size where one is given.
    Decimal {
        scale: usize,
        size: Option<usize>,
    },
    Enum(Vec<Box<str>>),
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Vec<(Box<str>, TypeId)>),
}

impl Schema {
    /// Compiles a schema in JSON; the error is a sentence.
    pub(in crate::decode) fn parse(text: &str) -> Result<Schema, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let mut builder = Builder::default();
        let root = builder.read(&json, "")?;
        Ok(Schema { types: builder.types, root })
    }

    pub(super) fn root(&self) -> TypeId {
        self.root
    }

    pub(super) fn get(&self, id: TypeId) -> &Type {
        &self.types[id]
    }
}

#[derive(Default)]
struct Builder {
    types: Vec<Type>,
    /// The types with names, by their full names.
    named: HashMap<String, TypeId>,
}

impl Builder {
    fn add(&mut self, kind: Type) -> TypeId {
        self.types.push(kind);
        self.types.len() - 1
    }

    fn read(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        match json {
            Value::String(name) => self.word(name, namespace),
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.read(branch, namespace)).collect::<Result<_, _>>()?;
                Ok(self.add(Type::Union(branches)))
            }
            Value::Object(object) => self.object(object, namespace),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!("`{json}` is no Avro type")),
        }
    }

    fn word(&mut self, name: &str, namespace: &str) -> Result<TypeId, String> {
        let kind = match name {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "int" => Type::Int,
            "long" => Type::Long,
            "float" => Type::Float,
            "double" => Type::Double,
            "bytes" => Type::Bytes,
            "string" => Type::String,
            _ => {
                let found = self.named.get(&full_name(name, namespace)).or_else(|| self.named.get(name));
                return found.copied().ok_or_else(|| format!("the type `{name}` is not defined"));
            }
        };
        Ok(self.add(kind))
    }

    fn object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<TypeId, String> {
        let Some(Value::String(kind)) = object.get("type") else {
            // `{"type": {…}}` and `{"type": […]}` say the same as what they hold.
            let inner = object.get("type").ok_or("a type lacks its `type`")?;
            return self.read(inner, namespace);
        };
        match kind.as_str() {
            "record" | "error" => self.record(object, namespace),
            "enum" => {
                let symbols = list(object, "symbols")?.iter().filter_map(Value::as_str).map(Into::into).collect();
                self.name(object, namespace, Type::Enum(symbols))
            }
            "fixed" => {
                let size = object.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or("a `fixed` lacks its `size`")?;
                let kind = match logical(object) {
                    "decimal" => Type::Decimal { scale: scale(object), size: Some(size) },
                    "uuid" if size == 16 => Type::Uuid,
                    _ => Type::Fixed(size),
                };
                self.name(object, namespace, kind)
            }
            "array" => {
                let items = self.read(object.get("items").ok_or("an array lacks its `items`")?, namespace)?;
                Ok(self.add(Type::Array(items)))
            }
            "map" => {
                let values = self.read(object.get("values").ok_or("a map lacks its `values`")?, namespace)?;
                Ok(self.add(Type::Map(values)))
            }
            "bytes" if logical(object) == "decimal" => Ok(self.add(Type::Decimal { scale: scale(object), size: None })),
            name => self.word(name, namespace),
        }
    }

    fn record(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<TypeId, String> {
        // Known before its fields are read: they may name it.
        let id = self.name(object, namespace, Type::Null)?;
        let full = full_name(name_of(object)?, space(object, namespace));
        let inner = full.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
        let mut fields = Vec::new();
        for field in list(object, "fields")? {
            let field = field.as_object().ok_or("a field of a record is no object")?;
            let kind = field.get("type").ok_or_else(|| format!("a field of `{full}` lacks its `type`"))?;
            fields.push((name_of(field)?.into(), self.read(kind, &inner)?));
        }
        self.types[id] = Type::Record(fields);
        Ok(id)
    }

    /// Adds a type with a name.
    fn name(&mut self, object: &Map<String, Value>, namespace: &str, kind: Type) -> Result<TypeId, String> {
        let full = full_name(name_of(object)?, space(object, namespace));
        let id = self.add(kind);
        match self.named.insert(full.clone(), id) {
            None => Ok(id),
            Some(_) => Err(format!("the type `{full}` is defined twice")),
        }
    }
}

fn name_of(object: &Map<String, Value>) -> Result<&str, String> {
    object.get("name").and_then(Value::as_str).ok_or_else(|| "a type or field lacks its `name`".to_owned())
}

fn space<'o>(object: &'o Map<String, Value>, namespace: &'o str) -> &'o str {
    object.get("namespace").and_then(Value::as_str).unwrap_or(namespace)
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

fn list<'o>(object: &'o Map<String, Value>, key: &str) -> Result<&'o [Value], String> {
    object.get(key).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| format!("a type lacks its `{key}`"))
}

fn logical(object: &Map<String, Value>) -> &str {
    object.get("logicalType").and_then(Value::as_str).unwrap_or_default()
}

fn scale(object: &Map<String, Value>) -> usize {
    object.get("scale").and_then(Value::as_u64).and_then(|scale| usize::try_from(scale).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| Schema::parse(text).expect_err("it is no schema");
        assert_eq!(error(r#""x""#), "the type `x` is not defined");
        assert_eq!(error(r#"{"type": "array"}"#), "an array lacks its `items`");
        assert_eq!(
            error(r#"{"type": "record", "name": "a", "fields": [{"name": "f"}]}"#),
            "a field of `a` lacks its `type`"
        );
        assert!(error("{").starts_with("it is not JSON"));
        assert_eq!(error("1"), "`1` is no Avro type");
    }

    #[test]
    fn names_are_found_in_their_namespace() {
        let text = r#"{"type": "record", "name": "a.b.R", "fields": [
            {"name": "x", "type": {"type": "fixed", "name": "F", "size": 1}},
            {"name": "y", "type": "a.b.F"}, {"name": "z", "type": "F"}, {"name": "r", "type": ["null", "R"]}
        ]}"#;
        assert!(Schema::parse(text).is_ok());
    }
}
