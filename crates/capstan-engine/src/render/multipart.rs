//! `multipart/form-data` (RFC 7578).

use std::hash::{BuildHasher, Hasher};

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Misfit, Renderer, Reveal};
use crate::attachment::Attachment;
use crate::plan::{JsonNode, MultipartPart};
use crate::upstream::{Field, Part, Payload};
use crate::value::as_text;

/// Writes the parts of a form; absent ones are left out.
pub(super) fn write<'a>(renderer: &mut Renderer<'a>, parts: &'a [MultipartPart]) -> Option<Payload> {
    let mut fields = Vec::new();
    for part in parts {
        let files = part.value.as_input().map_or(&[][..], |id| renderer.attachments(id));
        for file in files {
            let filename = part.filename.as_ref().and_then(|template| renderer.plain(template));
            let filename = filename.map(|name| name.into_owned());
            fields.push(file_field(&part.name, file, filename, part.content_type.as_deref()));
        }
        if files.is_empty() {
            fields.extend(text_part(renderer, part));
        }
    }
    finish(renderer, fields)
}

fn text_part<'a>(renderer: &mut Renderer<'a>, part: &'a MultipartPart) -> Option<Field> {
    let (value, _) = renderer.source_text(&part.value)?;
    let named = part.filename.as_ref().and_then(|template| renderer.plain(template)).map(|name| name.into_owned());
    Some(Field {
        filename: named.or_else(|| part.is_file.then(|| part.name.to_string())),
        media_type: part
            .content_type
            .as_deref()
            .or(part.is_file.then_some("application/octet-stream"))
            .map(str::to_owned),
        ..text_field(&part.name, value.into_owned())
    })
}

fn text_field(name: &str, value: String) -> Field {
    Field { name: name.to_owned(), filename: None, media_type: None, content: Part::Bytes(value.into()) }
}

/// A file as a field. What the document says of it goes before what its name tells.
fn file_field(name: &str, file: &Attachment, filename: Option<String>, media_type: Option<&str>) -> Field {
    Field {
        name: name.to_owned(),
        filename: filename.or_else(|| file.name.clone()).or_else(|| Some(name.to_owned())),
        media_type: Some(media_type.unwrap_or_else(|| file.media_type()).to_owned()),
        content: file.content.clone(),
    }
}

/// Writes fields as parts.
pub(super) fn from_fields(renderer: &mut Renderer<'_>, fields: &[(String, Value)]) -> Option<Payload> {
    let present = fields.iter().filter(|(_, value)| !value.is_null());
    let fields = present.map(|(name, value)| text_field(name, as_text(value).into_owned())).collect();
    finish(renderer, fields)
}

/// Writes the members of an object as parts.
pub(super) fn from_members<'a>(renderer: &mut Renderer<'a>, members: &'a [(Box<str>, JsonNode)]) -> Option<Payload> {
    let mut fields = Vec::new();
    for (key, node) in members {
        let name: String = serde_json::from_str(key).expect("names of members are JSON strings");
        let files = node.as_input().map_or(&[][..], |id| renderer.attachments(id));
        fields.extend(files.iter().map(|file| file_field(&name, file, None, None)));
        let mut json = String::new();
        if files.is_empty() && renderer.node(&mut json, node) {
            match serde_json::from_str(&json).expect("a node is written as JSON") {
                Value::Null => {}
                value => fields.push(text_field(&name, as_text(&value).into_owned())),
            }
        }
    }
    finish(renderer, fields)
}

fn finish(renderer: &mut Renderer<'_>, fields: Vec<Field>) -> Option<Payload> {
    let boundary = boundary(renderer.context.reveal, &fields);
    let mut parts = Vec::with_capacity(fields.len() * 2 + 1);
    let mut text = String::new();
    for field in &fields {
        head(&mut text, &boundary, field);
        parts.extend([Part::Bytes(std::mem::take(&mut text).into()), field.content.clone()]);
        text.push_str("\r\n");
    }
    text.push_str(&format!("--{boundary}--\r\n"));
    parts.push(Part::Bytes(text.into()));
    let Ok(media_type) = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")) else {
        renderer.misfits.push(Misfit::Parameter("the boundary of the form is not a header value".to_owned()));
        return None;
    };
    renderer.headers.retain(|(name, _)| *name != CONTENT_TYPE);
    renderer.headers.push((CONTENT_TYPE, media_type));
    let payload = Payload::parts(parts);
    Some(if payload.as_bytes().is_some() { payload } else { payload.with_form(fields) })
}

fn head(out: &mut String, boundary: &str, field: &Field) {
    out.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&field.name)));
    if let Some(filename) = &field.filename {
        out.push_str(&format!("; filename=\"{}\"", quoted(filename)));
    }
    out.push_str("\r\n");
    if let Some(media_type) = &field.media_type {
        out.push_str(&format!("Content-Type: {media_type}\r\n"));
    }
    out.push_str("\r\n");
}

/// A name inside quotes, as browsers write it (HTML, "multipart form data").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A boundary that no part holds. Random, so that no value, and no file, can be made to hold it;
/// fixed where the request is only shown.
fn boundary(reveal: Reveal, fields: &[Field]) -> String {
    if reveal == Reveal::Masked {
        return "capstan-boundary".to_owned();
    }
    loop {
        // The keys of a `RandomState` are random: a fresh one for each half.
        let half = || std::hash::RandomState::new().build_hasher().finish();
        let boundary = format!("capstan-{:016x}{:016x}", half(), half());
        let holds = |bytes: &Bytes| bytes.windows(boundary.len()).any(|window| window == boundary.as_bytes());
        if !fields.iter().any(|field| matches!(&field.content, Part::Bytes(bytes) if holds(bytes))) {
            return boundary;
        }
    }
}
