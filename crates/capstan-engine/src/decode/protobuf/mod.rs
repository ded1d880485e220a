//! Protocol Buffers, with the schema of the operation: `file.proto`, whose first message is the
//! answer, or `file.proto#Message`.
//!
//! Fields keep the names of the schema. A 64-bit integer is a number, an enum the name of its value,
//! bytes are base64, a map is an object. A field that has no presence of its own (`int32 count` in
//! proto3) has its default where the answer does not say it, for that is what its absence means; an
//! `optional` or a message that is absent is no member. Unknown fields are passed over.

mod schema;
mod wire;

pub(super) use schema::compile;
pub(super) use wire::read;
