//! Answers requests from a HAR archive.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use serde::Deserialize;

use super::difference::{Difference, differences};
use super::failure::{quoted, without_query};
use super::hidden;
use super::masked::{MaskedBody, MaskedUrl};
use super::{Incoming, Payload, Request, Response, Sending, Upstream, UpstreamError};
use crate::bindings::Scrubber;

/// An upstream that answers from a recording and sends nothing.
///
/// An entry fits a request by method, masked URL (the query as an ordered list of pairs) and,
/// when it recorded a body, masked body (JSON by value). Several entries that fit are given in
/// order and the last of them again and again. A request that none fits fails with
/// `NotRecorded`, naming the nearest entry and what differs.
pub struct Replay {
    entries: Vec<Entry>,
    scrubber: Arc<Scrubber>,
    /// Which entries have been given.
    given: Mutex<Vec<bool>>,
}

/// One recorded exchange.
struct Entry {
    asked: Asked,
    response: HarResponse,
}

/// A request as it is compared.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) shown_url: String,
    pub(super) url: MaskedUrl,
    /// `None` in an entry means that any body fits.
    pub(super) body: Option<MaskedBody>,
}

impl Replay {
    /// Reads a HAR archive, our own or one saved by a browser; `scrubber` knows the secrets
    /// that the requests to come will hold. Fails with `BadRecording`.
    pub fn from_har(har: &[u8], scrubber: Arc<Scrubber>) -> Result<Replay, UpstreamError> {
        let not_har = |error| bad("the recording is not a HAR archive").caused_by(error);
        let har: Har = serde_json::from_slice(har).map_err(|error| not_har(shape_only(&error)))?;
        let entries: Vec<Entry> = har.log.entries.into_iter().map(|entry| entry.read(&scrubber)).collect();
        let given = Mutex::new(vec![false; entries.len()]);
        Ok(Replay { entries, scrubber, given })
    }

    fn answer(&self, request: Request) -> Result<Response, UpstreamError> {
        let asked = self.asked(&request);
        let fitting: Vec<usize> = (0..self.entries.len())
            .filter(|index| differences(&self.entries[*index].asked, &asked).is_empty())
            .collect();
        match self.choose(&fitting) {
            Some(index) => self.entries[index].response.decode(index, request.url),
            None => Err(self.not_recorded(&asked)),
        }
    }

    fn asked(&self, request: &Request) -> Asked {
        let content_type = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        let mime = content_type.and_then(|(_, value)| value.to_str().ok()).unwrap_or("");
        let body = request.body.as_ref().map(Payload::to_shown).unwrap_or_default();
        let shown_url = hidden::url(&request.url, &self.scrubber);
        Asked {
            method: request.method.to_string(),
            url: MaskedUrl::parse(&shown_url),
            shown_url,
            body: Some(MaskedBody::parse(mime, &hidden::body(mime, &body, &self.scrubber))),
        }
    }

    /// The first that was not given yet, else the last.
    fn choose(&self, fitting: &[usize]) -> Option<usize> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let index = *fitting.iter().find(|index| !given[**index]).or(fitting.last())?;
        given[index] = true;
        Some(index)
    }

    fn not_recorded(&self, asked: &Asked) -> UpstreamError {
        let line = quoted(&format!("{} {}", asked.method, without_query(&asked.shown_url)));
        let nearest =
            self.entries.iter().enumerate().min_by_key(|(_, entry)| {
                differences(&entry.asked, asked).iter().map(Difference::weight).sum::<usize>()
            });
        let message = match nearest {
            None => format!("the recording is empty and has no answer to {line}"),
            Some((index, entry)) => {
                let parts = differences(&entry.asked, asked);
                let parts: Vec<String> = parts.iter().map(Difference::to_string).collect();
                format!(
                    "the recording has no answer to {line}; entry {} is nearest, where {}",
                    index + 1,
                    parts.join(" and ")
                )
            }
        };
        UpstreamError::new(Code::NotRecorded, message)
    }
}

impl Upstream for Replay {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(std::future::ready(self.answer(request).map(Incoming::from)))
    }
}

#[derive(Deserialize)]
struct Har {
    log: HarLog,
}

#[derive(Deserialize)]
struct HarLog {
    entries: Vec<HarEntry>,
}

#[derive(Deserialize)]
struct HarEntry {
    request: HarRequest,
    response: HarResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    post_data: Option<HarPostData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarPostData {
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    #[serde(default)]
    params: Vec<HarPair>,
    #[serde(rename = "_encoding")]
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct HarPair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarResponse {
    status: u16,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<HarPair>,
    content: HarContent,
}

#[derive(Deserialize)]
struct HarContent {
    #[serde(default)]
    size: i64,
    text: Option<String>,
    encoding: Option<String>,
}

impl HarEntry {
    fn read(self, scrubber: &Scrubber) -> Entry {
        // A recording made elsewhere may hold the secrets that ours would have masked.
        let shown_url = hidden::url(&self.request.url, scrubber);
        let asked = Asked {
            method: self.request.method,
            url: MaskedUrl::parse(&shown_url),
            shown_url,
            body: self.request.post_data.map(|data| data.read(scrubber)),
        };
        Entry { asked, response: self.response }
    }
}

impl HarPostData {
    fn read(self, scrubber: &Scrubber) -> MaskedBody {
        let field = |pair: HarPair| {
            let value = hidden::field(&pair.name, &pair.value, scrubber);
            (scrubber.scrub(&pair.name).into_owned(), value)
        };
        match self.text {
            None => MaskedBody::Form(self.params.into_iter().map(field).collect()),
            Some(text) => {
                let encoded = self.encoding.as_deref() == Some("base64");
                // Text that claims to be base64 and is not can only fit itself.
                let decoded = encoded.then(|| STANDARD.decode(&text).ok()).flatten();
                let body = decoded.unwrap_or_else(|| text.into_bytes());
                MaskedBody::parse(&self.mime_type, &hidden::body(&self.mime_type, &body, scrubber))
            }
        }
    }
}

impl HarResponse {
    /// The response of the entry at `index`. Only an entry that is asked for must be sound: a
    /// browser's archive is full of blocked and cut off ones.
    fn decode(&self, index: usize, url: String) -> Result<Response, UpstreamError> {
        let number = index + 1;
        let broken = |what: &str| bad(&format!("entry {number} of the recording has {what}"));
        let status = StatusCode::from_u16(self.status).map_err(|error| broken("no valid status").caused_by(error))?;
        let headers = self.headers().ok_or_else(|| broken("a header that is none"))?;
        let body = self.content.decode().map_err(broken)?;
        Ok(Response { status, version: self.version(), headers, body, url })
    }

    fn version(&self) -> Version {
        match self.http_version.to_ascii_lowercase().as_str() {
            "http/1.0" => Version::HTTP_10,
            "http/2" | "http/2.0" | "h2" => Version::HTTP_2,
            "http/3" | "http/3.0" | "h3" => Version::HTTP_3,
            _ => Version::HTTP_11,
        }
    }

    /// The headers, without those that describe how the body travelled: it is decoded here.
    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        // Chrome lists the pseudo headers of HTTP/2, Firefox joins repeated ones by newlines.
        for pair in self.headers.iter().filter(|pair| !pair.name.starts_with(':')) {
            let name = HeaderName::from_bytes(pair.name.as_bytes()).ok()?;
            if [CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
                continue;
            }
            for value in pair.value.split('\n') {
                headers.append(name.clone(), HeaderValue::from_str(value.trim_end()).ok()?);
            }
        }
        Some(headers)
    }
}

impl HarContent {
    fn decode(&self) -> Result<Bytes, &'static str> {
        match (&self.text, self.encoding.as_deref()) {
            (None, _) if self.size > 0 => Err("a response without its text"),
            (None, _) => Ok(Bytes::new()),
            (Some(text), None | Some("")) => Ok(Bytes::from(text.clone())),
            (Some(text), Some("base64")) => match STANDARD.decode(text) {
                Ok(body) => Ok(Bytes::from(body)),
                Err(_) => Err("a response that is not the base64 it claims to be"),
            },
            (Some(_), Some(_)) => Err("a response in an unknown encoding"),
        }
    }
}

/// serde_json repeats texts of the file in its messages, and the file may hold secrets.
fn shape_only(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or has the wrong type",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "it is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

fn bad(message: &str) -> UpstreamError {
    UpstreamError::new(Code::BadRecording, message)
}

#[cfg(test)]
mod tests;
