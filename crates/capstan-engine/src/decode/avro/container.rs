//! An object container file: a schema, then blocks of data, each perhaps compressed.

use std::io::Read;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use serde_json::Value;

use super::datum::Datum;
use super::schema::Schema;
use crate::decode::malformed::{Malformed, Place};
use crate::limits::AVRO_BLOCK_BYTES_MAX;

/// What a file begins with.
pub(super) const MAGIC: &[u8] = b"Obj\x01";

/// Bytes of the mark between blocks.
const SYNC_BYTES: usize = 16;

/// What the head of a file holds before its mark: texts to bytes.
const HEAD: &str = r#"{"type": "map", "values": "bytes"}"#;

/// Reads a file as the list of its data.
pub(super) fn read(file: &[u8]) -> Result<Value, Malformed> {
    let head = Schema::parse(HEAD).expect("it is a schema");
    let mut outer = Datum::new(file, &head);
    outer.cursor.at = MAGIC.len();
    let (schema, codec) = header(&mut outer)?;
    let sync = outer.cursor.take(SYNC_BYTES)?;
    let mut data = Vec::new();
    let mut room = AVRO_BLOCK_BYTES_MAX;
    while !outer.cursor.is_done() {
        let start = outer.cursor.at;
        let count = outer.long()?;
        let bytes = outer.bytes()?;
        let plain = codec.decompress(bytes, room).map_err(|what| Malformed::byte(start, what))?;
        room -= plain.len();
        block(&plain, count, &schema, &mut outer, &mut data).map_err(|error| within(start, &error))?;
        if outer.cursor.take(SYNC_BYTES)? != sync {
            return Err(Malformed::byte(
                outer.cursor.at - SYNC_BYTES,
                "found another mark than the file's own between blocks",
            ));
        }
    }
    Ok(Value::Array(data))
}

/// The data of one block. The bound is that of the whole file.
fn block(
    plain: &[u8],
    count: i64,
    schema: &Schema,
    outer: &mut Datum<'_>,
    data: &mut Vec<Value>,
) -> Result<(), Malformed> {
    let mut inner = Datum::new(plain, schema);
    std::mem::swap(&mut inner.budget, &mut outer.budget);
    for _ in 0..count {
        data.push(inner.read()?);
    }
    std::mem::swap(&mut inner.budget, &mut outer.budget);
    if inner.cursor.is_done() {
        return Ok(());
    }
    Err(Malformed::byte(inner.cursor.at, format!("found more bytes, expected the end of a block of {count} data")))
}

/// An error within a block, with the place of the block in the file.
fn within(start: usize, error: &Malformed) -> Malformed {
    match error.place {
        Place::Byte(byte) => {
            Malformed::byte(start, format!("in the block that begins here, at its byte {byte}: {}", error.what))
        }
        Place::Line(..) | Place::Whole => Malformed::byte(start, error.what.clone()),
    }
}

/// The schema and the codec that the head names.
fn header(outer: &mut Datum<'_>) -> Result<(Schema, Codec), Malformed> {
    let mut schema = None;
    let mut codec = Codec::Null;
    loop {
        let count = outer.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            outer.long()?;
        }
        for _ in 0..count.unsigned_abs() {
            let start = outer.cursor.at;
            let (key, value) = (outer.bytes()?, outer.bytes()?);
            let text =
                || std::str::from_utf8(value).map_err(|_| Malformed::byte(start, "found a head that is no text"));
            match key {
                b"avro.schema" => {
                    let parsed = Schema::parse(text()?);
                    schema =
                        Some(parsed.map_err(|why| Malformed::byte(start, format!("found a broken schema: {why}")))?);
                }
                b"avro.codec" => codec = Codec::parse(text()?).map_err(|what| Malformed::byte(start, what))?,
                _ => {}
            }
        }
    }
    let schema = schema.ok_or_else(|| Malformed::byte(outer.cursor.at, "found a head without `avro.schema`"))?;
    Ok((schema, codec))
}

/// How blocks are compressed.
#[derive(Clone, Copy)]
enum Codec {
    Null,
    Deflate,
    Snappy,
    Zstandard,
}

impl Codec {
    fn parse(name: &str) -> Result<Codec, String> {
        match name {
            "null" | "" => Ok(Codec::Null),
            "deflate" => Ok(Codec::Deflate),
            "snappy" => Ok(Codec::Snappy),
            "zstandard" => Ok(Codec::Zstandard),
            _ => Err(format!("found the codec `{name}`, expected `null`, `deflate`, `snappy` or `zstandard`")),
        }
    }

    /// The data of a block, which may have so many bytes.
    fn decompress(self, bytes: &[u8], room: usize) -> Result<Vec<u8>, String> {
        match self {
            Codec::Null => bounded(bytes, room),
            Codec::Deflate => bounded(DeflateDecoder::new(bytes), room),
            Codec::Zstandard => bounded(zstd::Decoder::new(bytes).map_err(broken)?, room),
            Codec::Snappy => snappy(bytes, room),
        }
    }
}

fn bounded(reader: impl Read, room: usize) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let limit = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(limit).read_to_end(&mut plain).map_err(broken)?;
    if plain.len() > room { Err(too_large()) } else { Ok(plain) }
}

/// Snappy's raw form, followed by a checksum of what it holds.
fn snappy(bytes: &[u8], room: usize) -> Result<Vec<u8>, String> {
    let (bytes, sum) = bytes.split_last_chunk::<4>().ok_or("found a snappy block without its checksum")?;
    if snap::raw::decompress_len(bytes).map_err(broken)? > room {
        return Err(too_large());
    }
    let plain = snap::raw::Decoder::new().decompress_vec(bytes).map_err(broken)?;
    let mut found = Crc::new();
    found.update(&plain);
    if found.sum() == u32::from_be_bytes(*sum) {
        Ok(plain)
    } else {
        Err("found a block with a wrong checksum".to_owned())
    }
}

fn broken(error: impl std::fmt::Display) -> String {
    format!("found a block that cannot be decompressed: {error}")
}

fn too_large() -> String {
    format!("found blocks of more than {} MiB, decompressed", AVRO_BLOCK_BYTES_MAX / (1024 * 1024))
}
