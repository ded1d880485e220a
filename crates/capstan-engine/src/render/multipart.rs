//! `multipart/form-data` (RFC 7578).

use std::hash::{BuildHasher, Hasher};

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Misfit, Renderer, Reveal};
use crate::plan::MultipartPart;
use crate::value::as_text;

/// A part, ready to be written.
struct Ready {
    name: String,
    value: String,
    filename: Option<String>,
    content_type: Option<String>,
}

/// Writes the parts of a form; absent ones are left out.
pub(super) fn write<'a>(renderer: &mut Renderer<'a>, parts: &'a [MultipartPart]) -> Option<Bytes> {
    let mut ready = Vec::new();
    for part in parts {
        let Some((value, _)) = renderer.source_text(&part.value) else { continue };
        let filename = match &part.filename {
            Some(template) => renderer.plain(template).map(|f| f.into_owned()),
            None => None,
        };
        ready.push(Ready {
            name: part.name.to_string(),
            value: value.into_owned(),
            filename,
            content_type: part.content_type.as_deref().map(str::to_owned),
        });
    }
    finish(renderer, &ready)
}

/// Writes fields as parts.
pub(super) fn from_fields(renderer: &mut Renderer<'_>, fields: &[(String, Value)]) -> Option<Bytes> {
    let present = fields.iter().filter(|(_, value)| !value.is_null());
    let ready: Vec<Ready> = present
        .map(|(name, value)| Ready {
            name: name.clone(),
            value: as_text(value).into_owned(),
            filename: None,
            content_type: None,
        })
        .collect();
    finish(renderer, &ready)
}

fn finish(renderer: &mut Renderer<'_>, parts: &[Ready]) -> Option<Bytes> {
    let boundary = boundary(renderer.context.reveal, parts);
    let mut out = String::new();
    for part in parts {
        out.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", quoted(&part.name)));
        if let Some(filename) = &part.filename {
            out.push_str(&format!("; filename=\"{}\"", quoted(filename)));
        }
        out.push_str("\r\n");
        if let Some(content_type) = &part.content_type {
            out.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        out.push_str("\r\n");
        out.push_str(&part.value);
        out.push_str("\r\n");
    }
    out.push_str(&format!("--{boundary}--\r\n"));
    let Ok(media_type) = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}")) else {
        renderer.misfits.push(Misfit::Parameter("the boundary of the form is not a header value".to_owned()));
        return None;
    };
    renderer.headers.retain(|(name, _)| *name != CONTENT_TYPE);
    renderer.headers.push((CONTENT_TYPE, media_type));
    Some(out.into())
}

/// A name inside quotes, as browsers write it (HTML, "multipart form data").
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A boundary that no part holds. Random, so that no value can be made to hold it; fixed where
/// the request is only shown.
fn boundary(reveal: Reveal, parts: &[Ready]) -> String {
    if reveal == Reveal::Masked {
        return "capstan-boundary".to_owned();
    }
    loop {
        // The keys of a `RandomState` are random: a fresh one for each half.
        let half = || std::hash::RandomState::new().build_hasher().finish();
        let boundary = format!("capstan-{:016x}{:016x}", half(), half());
        if !parts.iter().any(|p| p.value.contains(&boundary)) {
            return boundary;
        }
    }
}
