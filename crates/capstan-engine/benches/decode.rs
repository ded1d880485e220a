//! Each reader against its library's plain parse of the same bytes, in the same run: what the tree
//! costs on top. Avro is compared with the library that we do not ship, Protocol Buffers with a
//! message decoded by reflection.
//!
//! Run with `cargo bench -p capstan-engine --bench decode`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use apache_avro::types::{Record, Value as Avro};
use capstan_engine::bindings::MapFiles;
use capstan_engine::decode::{Reader, SchemaFolder};
use capstan_spec::document::RawFormat;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, Value as Proto};
use serde_json::{Value, json};

const ITEMS: usize = 5000;
const ROUNDS: usize = 15;
const ROUND_MIN: Duration = Duration::from_millis(4);

const AVSC: &str = r#"{"type": "record", "name": "Item", "fields": [
    {"name": "id", "type": "long"}, {"name": "name", "type": "string"}, {"name": "price", "type": "double"}]}"#;
const PROTO: &str = r#"syntax = "proto3"; message Items { repeated Item items = 1; }
    message Item { int64 id = 1; string name = 2; double price = 3; }"#;

fn main() {
    println!("format      MB   library MB/s   ours MB/s   time ratio");
    compare(RawFormat::Json, None, &json_text(), |body| drop(serde_json::from_slice::<Value>(body)));
    compare(RawFormat::Xml, None, &xml_text(), xml);
    compare(RawFormat::Yaml, None, &yaml_text(), yaml);
    compare(RawFormat::Csv, None, &csv_text(), csv);
    compare(RawFormat::Html, None, &html_text(), |body| drop(scraper::Html::parse_document(text(body))));
    compare(RawFormat::Markdown, None, &markdown_text(), markdown);
    compare(RawFormat::Avro, None, &avro_file(), avro);
    let descriptor = descriptor();
    compare(RawFormat::Protobuf, Some("items.proto"), &protobuf_message(&descriptor), |body| {
        drop(DynamicMessage::decode(descriptor.clone(), body).expect("it is a message"));
    });
}

fn compare(format: RawFormat, schema: Option<&str>, body: &[u8], library: impl Fn(&[u8])) {
    let files = MapFiles::from_iter([("items.proto", PROTO.as_bytes())]);
    let folder = SchemaFolder { files: &files, folder: Path::new("") };
    let reader = Reader::compile(format, schema, &folder).expect("the schema is good");
    reader.read(body, None).expect("the body is well-formed");
    let [library, ours] = best([&mut || library(black_box(body)), &mut || {
        drop(black_box(reader.read(black_box(body), None)));
    }]);
    let megabytes = body.len() as f64 / 1e6;
    let rate = |micros: f64| megabytes / micros * 1e6;
    let (theirs, own, ratio) = (rate(library), rate(ours), ours / library);
    println!("{:10} {megabytes:4.2} {theirs:14.0} {own:11.0} {ratio:12.2}", format.to_string());
}

/// The least time of each in µs, measured in turns so that all meet the same machine.
fn best<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut best = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (run, best) in runs.iter_mut().zip(&mut best) {
            *best = best.min(round(*run));
        }
    }
    best
}

fn round(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    let mut count = 0;
    while count == 0 || start.elapsed() < ROUND_MIN {
        run();
        count += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).expect("the bodies are UTF-8")
}

/// A row for each item: number, name, price.
fn rows(row: impl Fn(usize, String, f64) -> String) -> String {
    (0..ITEMS).map(|n| row(n, format!("Organization number {n}"), n as f64 / 4.0)).collect()
}

fn json_text() -> Vec<u8> {
    let items: Vec<Value> =
        (0..ITEMS).map(|n| json!({"id": n, "name": format!("Organization {n}"), "price": n})).collect();
    Value::Array(items).to_string().into_bytes()
}

fn xml_text() -> Vec<u8> {
    let items = rows(|n, name, price| format!("<item id=\"{n}\"><name>{name}</name><price>{price}</price></item>\n"));
    format!("<items>{items}</items>").into_bytes()
}

fn xml(body: &[u8]) {
    let mut reader = quick_xml::NsReader::from_str(text(body));
    while !matches!(black_box(reader.read_event()), Ok(quick_xml::events::Event::Eof)) {}
}

fn yaml_text() -> Vec<u8> {
    rows(|n, name, price| format!("- id: {n}\n  name: {name}\n  price: {price}\n")).into_bytes()
}

fn yaml(body: &[u8]) {
    saphyr_parser::Parser::new_from_str(text(body)).for_each(|event| drop(black_box(event)));
}

fn csv_text() -> Vec<u8> {
    format!("id,name,price\n{}", rows(|n, name, price| format!("{n},\"{name}\",{price}\n"))).into_bytes()
}

fn csv(body: &[u8]) {
    let mut reader = csv::Reader::from_reader(body);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).expect("it is CSV") {}
}

fn html_text() -> Vec<u8> {
    let rows = rows(|n, name, price| format!("<tr><td>{n}</td><td><b>{name}</b></td><td>{price}</td></tr>\n"));
    format!("<!doctype html><table><tr><th>id</th><th>name</th><th>price</th></tr>{rows}</table>").into_bytes()
}

fn markdown_text() -> Vec<u8> {
    rows(|n, name, price| format!("## Item {n}\n\n*{name}* costs **{price}**\nand more.\n\n")).into_bytes()
}

fn markdown(body: &[u8]) {
    pulldown_cmark::Parser::new(text(body)).for_each(|event| drop(black_box(event)));
}

fn avro_file() -> Vec<u8> {
    let schema = apache_avro::Schema::parse_str(AVSC).expect("it is a schema");
    let mut writer = apache_avro::Writer::new(&schema, Vec::new()).expect("the schema is whole");
    for n in 0..ITEMS {
        let mut record = Record::new(&schema).expect("the schema is a record");
        record.put("id", Avro::Long(n as i64));
        record.put("name", Avro::String(format!("Organization number {n}")));
        record.put("price", Avro::Double(n as f64));
        writer.append_value(record).expect("the record fits");
    }
    writer.into_inner().expect("a vector takes all")
}

fn avro(body: &[u8]) {
    let reader = apache_avro::Reader::new(Cursor::new(body)).expect("it is a file");
    reader.for_each(|value| drop(black_box(value)));
}

fn descriptor() -> MessageDescriptor {
    let file = protox::file::File::from_source("items.proto", PROTO).expect("it is a schema");
    let mut pool = prost_reflect::DescriptorPool::new();
    pool.add_file_descriptor_proto(file.into()).expect("it is whole");
    pool.get_message_by_name("Items").expect("it is there")
}

fn protobuf_message(descriptor: &MessageDescriptor) -> Vec<u8> {
    let item = descriptor.parent_pool().get_message_by_name("Item").expect("it is there");
    let items = (0..ITEMS).map(|n| {
        let mut message = DynamicMessage::new(item.clone());
        message.set_field_by_name("id", Proto::I64(n as i64));
        message.set_field_by_name("name", Proto::String(format!("Organization number {n}")));
        message.set_field_by_name("price", Proto::F64(n as f64));
        Proto::Message(message)
    });
    let mut message = DynamicMessage::new(descriptor.clone());
    message.set_field_by_name("items", Proto::List(items.collect()));
    message.encode_to_vec()
}
