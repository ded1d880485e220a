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
use super::payload::hashed;
use super::{FilePart, Incoming, Payload, Request, Response, Sending, Upstream, UpstreamError};
use crate::bindings::Scrubber;
use crate::limits;

/// An upstream that answers from a recording and sends nothing.
///
/// An entry fits a request by method, masked URL (the query as an ordered list of pairs) and,
/// when it recorded a body, masked body (JSON by value; files by name, length and hash). Several entries that fit are given in
/// order and the last of them again and again. A request that none fits fails with
/// `NotRecorded`, naming the nearest entry and what differs.
/// A redirect is followed to its entry. Exchanges without an answer are passed over.
pub struct Replay {
    entries: Vec<Entry>,
    /// How many exchanges were passed over.
    unanswered: usize,
    scrubber: Arc<Scrubber>,
    /// Whether requests must come in the order of the entries.
    is_ordered: bool,
    /// Which entries have been given.
    given: Mutex<Vec<bool>>,
}

/// One recorded exchange.
struct Entry {
    /// Its place in the archive, from 1.
    number: usize,
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
    /// The files in it; `None` in an entry means that any files of these names and sizes fit.
    pub(super) files: Option<Vec<FileMark>>,
}

/// What tells a file from others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct FileMark {
    length: u64,
    sha256: Option<String>,
}

impl Replay {
    /// Reads a HAR archive, our own or one saved by a browser; `scrubber` knows the secrets
    /// that the requests to come will hold. Fails with `BadRecording`.
    pub fn from_har(har: &[u8], scrubber: Arc<Scrubber>) -> Result<Replay, UpstreamError> {
        let not_har = |error| bad("the recording is not a HAR archive").caused_by(error);
        let har: Har = serde_json::from_slice(har).map_err(|error| not_har(shape_only(&error)))?;
        let recorded = har.log.entries.len();
        let numbered = (1..).zip(har.log.entries).filter(|(_, entry)| entry.has_answer());
        let entries: Vec<Entry> = numbered.map(|(number, entry)| entry.read(number, &scrubber)).collect();
        let given = Mutex::new(vec![false; entries.len()]);
        let unanswered = recorded - entries.len();
        Ok(Replay { entries, unanswered, scrubber, is_ordered: false, given })
    }

    /// The same, where requests must come in the order of the entries, each once. One that is not the
    /// next fails with `NotRecorded`, naming the one that is.
    pub fn in_order(self) -> Self {
        Replay { is_ordered: true, ..self }
    }

    async fn replay(&self, mut request: Request) -> Result<Incoming, UpstreamError> {
        if self.has_files() {
            request.body = hashed(request.body).await?;
        }
        self.answer(request).map(Incoming::from)
    }

    /// Whether files must be told from each other: those of an older recording cannot be.
    fn has_files(&self) -> bool {
        self.entries.iter().any(|entry| entry.asked.files.is_some())
    }

    fn answer(&self, request: Request) -> Result<Response, UpstreamError> {
        let mut asked = self.asked(&request);
        let mut url = request.url;
        for _ in 0..=limits::REDIRECTS_MAX {
            let index = self.find(&asked)?;
            let entry = &self.entries[index];
            let Some((method, to)) = entry.redirect(&asked.method) else {
                return entry.response.decode(entry.number, url);
            };
            url = to.clone();
            // As on the network, the body goes along unless the method changes.
            let (body, files) = if method == asked.method { (asked.body, asked.files) } else { (None, None) };
            asked = Asked { method, url: MaskedUrl::parse(&to), shown_url: to, body, files };
        }
        Err(UpstreamError::new(Code::RefusedRedirect, "the recording redirects without end"))
    }

    /// The entry for a request, which has been given with that.
    fn find(&self, asked: &Asked) -> Result<usize, UpstreamError> {
        if self.is_ordered && !self.entries.is_empty() {
            return self.next(asked);
        }
        let fitting: Vec<usize> = (0..self.entries.len()).filter(|index| self.entries[*index].fits(asked)).collect();
        self.choose(&fitting).ok_or_else(|| self.not_recorded(asked))
    }

    /// The first entry that was not given yet, if it fits.
    fn next(&self, asked: &Asked) -> Result<usize, UpstreamError> {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line(&asked.method, &asked.shown_url);
        let Some(index) = given.iter().position(|given| !given) else {
            let message = format!("the recording has ended: {line} comes after its last entry");
            return Err(UpstreamError::new(Code::NotRecorded, message));
        };
        let entry = &self.entries[index];
        if !entry.fits(asked) {
            let expected = self::line(&entry.asked.method, &entry.asked.shown_url);
            let (number, parts) = (entry.number, entry.parts(asked));
            let message = format!("{line} is out of order: entry {number} is next, {expected}, where {parts}");
            return Err(UpstreamError::new(Code::NotRecorded, message));
        }
        given[index] = true;
        Ok(index)
    }

    fn asked(&self, request: &Request) -> Asked {
        let content_type = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        let mime = content_type.and_then(|(_, value)| value.to_str().ok()).unwrap_or("");
        let mark =
            |file: &FilePart| FileMark { length: file.length, sha256: file.sha256.as_deref().map(str::to_owned) };
        let files = request.body.iter().flat_map(Payload::files).map(mark).collect();
        let body = request.body.as_ref().map(Payload::to_shown).unwrap_or_default();
        let shown_url = hidden::url(&request.url, &self.scrubber);
        Asked {
            method: request.method.to_string(),
            url: MaskedUrl::parse(&shown_url),
            shown_url,
            body: Some(MaskedBody::parse(mime, &hidden::body(mime, &body, &self.scrubber))),
            files: Some(files),
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
        let line = line(&asked.method, &asked.shown_url);
        let nearest = self
            .entries
            .iter()
            .min_by_key(|entry| differences(&entry.asked, asked).iter().map(Difference::weight).sum::<usize>());
        let message = match (nearest, self.unanswered) {
            (None, 0) => format!("the recording is empty and has no answer to {line}"),
            (None, 1) => {
                format!("the recording has no answer to {line}: it holds a request that got none, or no whole one")
            }
            (None, count) => {
                format!(
                    "the recording has no answer to {line}: it holds {count} requests that got none, or no whole one"
                )
            }
            (Some(entry), _) => {
                let (number, parts) = (entry.number, entry.parts(asked));
                format!("the recording has no answer to {line}; entry {number} is nearest, where {parts}")
            }
        };
        UpstreamError::new(Code::NotRecorded, message)
    }
}

impl Entry {
    fn fits(&self, asked: &Asked) -> bool {
        differences(&self.asked, asked).is_empty()
    }

    /// Where this entry and a request part, in words.
    fn parts(&self, asked: &Asked) -> String {
        let parts: Vec<String> = differences(&self.asked, asked).iter().map(Difference::to_string).collect();
        parts.join(" and ")
    }

    /// The request that the answer redirects to: its method and its URL.
    fn redirect(&self, method: &str) -> Option<(String, String)> {
        let status = self.response.status;
        let location = self.response.location().filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))?;
        let becomes_get = (status == 303 && method != "HEAD") || (matches!(status, 301 | 302) && method == "POST");
        let method = if becomes_get { "GET" } else { method };
        Some((method.to_owned(), resolved(&self.asked.shown_url, location)?))
    }
}

/// A request in a message.
fn line(method: &str, url: &str) -> String {
    quoted(&format!("{method} {}", without_query(url)))
}

/// A location behind a URL, of which either may hold masks: the host is put aside, for it may be none
/// that a URL could have.
fn resolved(from: &str, location: &str) -> Option<String> {
    const HOST: &str = "http://host.invalid";
    let (scheme, rest) = from.split_once("://")?;
    if location.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
        return Some(location.to_owned());
    }
    if location.starts_with("//") {
        return Some(format!("{scheme}:{location}"));
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = url::Url::parse(HOST).ok()?.join(path).ok()?.join(location).ok()?;
    Some(format!("{scheme}://{authority}{}", path.as_str().strip_prefix(HOST)?))
}

impl Upstream for Replay {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.replay(request))
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
    /// Why there is no whole answer: ours, and that of browsers.
    #[serde(rename = "_error")]
    error: Option<serde::de::IgnoredAny>,
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
    #[serde(rename = "_files")]
    files: Option<Vec<FileMark>>,
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
    #[serde(rename = "redirectURL")]
    redirect_url: Option<String>,
}

#[derive(Deserialize)]
struct HarContent {
    #[serde(default)]
    size: i64,
    text: Option<String>,
    encoding: Option<String>,
}

impl HarEntry {
    /// Whether there is an answer that can be given.
    fn has_answer(&self) -> bool {
        self.response.status != 0 && self.error.is_none()
    }

    fn read(self, number: usize, scrubber: &Scrubber) -> Entry {
        // A recording made elsewhere may hold the secrets that ours would have masked.
        let shown_url = hidden::url(&self.request.url, scrubber);
        let asked = Asked {
            method: self.request.method,
            url: MaskedUrl::parse(&shown_url),
            shown_url,
            files: self.request.post_data.as_ref().and_then(|data| data.files.clone()),
            body: self.request.post_data.map(|data| data.read(scrubber)),
        };
        Entry { number, asked, response: self.response }
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
    /// The response of the entry of this number. Only an entry that is asked for must be sound: a
    /// browser's archive is full of blocked and cut off ones.
    fn decode(&self, number: usize, url: String) -> Result<Response, UpstreamError> {
        let broken = |what: &str| bad(&format!("entry {number} of the recording has {what}"));
        let status = StatusCode::from_u16(self.status).map_err(|error| broken("no valid status").caused_by(error))?;
        let headers = self.headers().ok_or_else(|| broken("a header that is none"))?;
        let body = self.content.decode().map_err(broken)?;
        Ok(Response { status, version: self.version(), headers, body, url })
    }

    /// Where the answer redirects to.
    fn location(&self) -> Option<&str> {
        let header = self.headers.iter().find(|pair| pair.name.eq_ignore_ascii_case("location"));
        header.map(|pair| pair.value.as_str()).or(self.redirect_url.as_deref()).filter(|text| !text.is_empty())
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
            (None, _) if self.size > 0 => Err("a response whose body was left out"),
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
