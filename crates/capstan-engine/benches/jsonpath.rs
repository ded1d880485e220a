//! Extraction against a hand-written loop over `serde_json::Value` and against `jsonpath-rust`, all
//! in the same run on the same document; then a projection against reading the whole text.
//!
//! Run with `cargo bench -p capstan-engine --bench jsonpath`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use capstan_engine::jsonpath::{JsonPath, Projection};
use jsonpath_rust::query::js_path_process;
use serde_json::{Value, json};

const ITEMS: usize = 2700;
const ROUNDS: usize = 25;
const ROUND_MIN: Duration = Duration::from_millis(4);

type HandLoop = for<'v> fn(&'v Value) -> Vec<&'v Value>;

const CASES: [(&str, HandLoop); 7] = [
    ("$.data.items[1500].name", by_hand_singular),
    ("$.data.items[*]", by_hand_items),
    ("$.data.items[*].name", by_hand_names),
    ("$.data.items[*].address.city", by_hand_cities),
    ("$..name", by_hand_descendants),
    ("$.data.items[10:2000:3].id", by_hand_slice),
    ("$.data.items[?@.price > 50].id", by_hand_filter),
];

fn main() {
    let document = document();
    let text = serde_json::to_vec(&document).expect("a value can be written");
    println!("document: {:.2} MB\n", text.len() as f64 / 1e6);
    println!("path                               hand µs   ours µs  ratio  library µs  ratio");
    for (path, by_hand) in CASES {
        extraction(&document, path, by_hand);
    }
    println!("\npaths                              whole µs  projected µs  ratio");
    projection(&text, &["$.data.total"]);
    projection(&text, &["$.data.items[1500].name", "$.data.total"]);
}

/// One item is about 300 bytes, of the shape that APIs answer with.
fn document() -> Value {
    let items: Vec<Value> = (0..ITEMS).map(item).collect();
    json!({"code": "OK", "data": {"items": items, "total": ITEMS, "next_token": null}})
}

fn item(number: usize) -> Value {
    json!({
        "id": format!("org_{number:06}"),
        "name": format!("Organization number {number}"),
        "price": number % 100,
        "is_default": number == 0,
        "tags": ["alpha", "beta", format!("tag-{}", number % 17)],
        "address": {"street": format!("{number} Main Street"), "city": "Springfield", "zip": "12345"},
        "created_on": "2024-05-06T07:08:09.123456Z",
        "external_id": null,
        "links": [{"rel": "self", "href": format!("https://api.example.com/v1/organizations/{number}")}],
    })
}

fn extraction(document: &Value, text: &str, by_hand: HandLoop) {
    let ours = JsonPath::compile(text).expect("the case holds a path");
    let theirs = jsonpath_rust::parser::parse_json_path(text).expect("the case holds a path");
    let library = || js_path_process(&theirs, document).expect("the path is evaluated");
    let expected = by_hand(document);
    assert_eq!(ours.nodes(document), expected, "{text}");
    assert_eq!(library().len(), expected.len(), "{text}");

    let [hand, ours, library] = best([
        &mut || drop(black_box(by_hand(black_box(document)))),
        &mut || drop(black_box(ours.nodes(black_box(document)))),
        &mut || drop(black_box(library())),
    ]);
    println!("{text:33} {hand:9.2} {ours:9.2} {:6.2} {library:11.2} {:6.2}", ours / hand, library / hand,);
}

fn projection(text: &[u8], paths: &[&str]) {
    let compiled: Vec<JsonPath> =
        paths.iter().map(|path| JsonPath::compile(path).expect("the case holds a path")).collect();
    let references: Vec<&JsonPath> = compiled.iter().collect();
    let projection = Projection::new(&references).expect("the paths are singular");
    let whole = || {
        let document: Value = serde_json::from_slice(black_box(text)).expect("it is JSON");
        let select = |path: &JsonPath| path.select(&document).to_value();
        compiled.iter().map(select).collect::<Vec<_>>()
    };
    let projected = || projection.read(black_box(text)).expect("it is JSON");
    assert_eq!(whole(), projected());

    let [whole, projected] = best([&mut || drop(black_box(whole())), &mut || drop(black_box(projected()))]);
    let ratio = projected / whole;
    println!("{:33} {whole:9.0} {projected:13.0} {ratio:6.2}", paths.join(", "));
}

/// The best mean time of each contender in microseconds, over rounds that take turns.
fn best<const N: usize>(mut contenders: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for (time, contender) in times.iter_mut().zip(&mut contenders) {
            *time = time.min(mean_us(contender));
        }
    }
    times
}

fn mean_us(contender: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < ROUND_MIN {
        contender();
        runs += 1;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
}

fn items(document: &Value) -> &[Value] {
    let items = document.get("data").and_then(|data| data.get("items"));
    items.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn by_hand_singular(document: &Value) -> Vec<&Value> {
    let item = items(document).get(1500);
    item.and_then(|item| item.get("name")).into_iter().collect()
}

fn by_hand_items(document: &Value) -> Vec<&Value> {
    items(document).iter().collect()
}

fn by_hand_names(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for item in items(document) {
        if let Some(name) = item.get("name") {
            found.push(name);
        }
    }
    found
}

fn by_hand_cities(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for item in items(document) {
        if let Some(city) = item.get("address").and_then(|address| address.get("city")) {
            found.push(city);
        }
    }
    found
}

fn by_hand_descendants(document: &Value) -> Vec<&Value> {
    fn collect<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
            Value::Object(members) => {
                found.extend(members.get("name"));
                members.values().for_each(|member| collect(member, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(document, &mut found);
    found
}

fn by_hand_slice(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for index in (10..2000).step_by(3) {
        if let Some(id) = items(document).get(index).and_then(|item| item.get("id")) {
            found.push(id);
        }
    }
    found
}

fn by_hand_filter(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    for item in items(document) {
        let price = item.get("price").and_then(Value::as_f64);
        if price.is_some_and(|price| price > 50.0) {
            found.extend(item.get("id"));
        }
    }
    found
}
