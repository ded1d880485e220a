//! The body of a request: bytes and files, sent as often as it must be.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ring::digest::{Context, SHA256};

use super::UpstreamError;
use super::coding::Coding;
use crate::auth::hex;

/// The body of a request. A cheap clone, so that it can be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// No two `Bytes` stand beside each other: a payload without a file is one part at most.
    parts: Arc<[Part]>,
    form: Option<Arc<[Field]>>,
    coding: Option<Coding>,
}

/// A part of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, which is read when the payload is sent.
    File(FilePart),
}

/// A file that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// Where it is.
    pub path: Arc<Path>,
    /// Its size in bytes; a file of another size is not sent.
    pub length: u64,
    /// The SHA-256 of its bytes in hexadecimal, for a recording, which does not hold them.
    pub(crate) sha256: Option<Arc<str>>,
}

impl FilePart {
    /// A file of this size.
    pub fn new(path: impl Into<Arc<Path>>, length: u64) -> Self {
        FilePart { path: path.into(), length, sha256: None }
    }
}

/// A field of a form with files, for those who show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The name of the file that it is.
    pub filename: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// What it holds.
    pub content: Part,
}

impl Payload {
    /// Parts, one behind the other.
    pub fn parts(parts: Vec<Part>) -> Self {
        let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
        for part in parts {
            match (joined.last_mut(), part) {
                (Some(Part::Bytes(last)), Part::Bytes(bytes)) => {
                    let mut both = BytesMut::from(std::mem::take(last));
                    both.extend_from_slice(&bytes);
                    *last = both.freeze();
                }
                (_, part) => joined.push(part),
            }
        }
        Payload { parts: joined.into(), form: None, coding: None }
    }

    /// The same, with the fields of the form that it is.
    pub(crate) fn with_form(self, fields: Vec<Field>) -> Self {
        Payload { form: Some(fields.into()), ..self }
    }

    /// The same, compressed when it is sent.
    pub(crate) fn coded(self, coding: Coding) -> Self {
        Payload { coding: Some(coding), ..self }
    }

    /// Its size in bytes as it is sent; `None` where only sending tells.
    pub fn length(&self) -> Option<u64> {
        match self.coding {
            Some(_) => None,
            None => Some(self.parts.iter().map(Part::length).sum()),
        }
    }

    /// All of it before compression, where it is in memory.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        static NOTHING: Bytes = Bytes::new();
        match &*self.parts {
            [] => Some(&NOTHING),
            [Part::Bytes(bytes)] => Some(bytes),
            _ => None,
        }
    }

    /// All of it as it is sent, where it is in memory: what a signature of the body signs.
    pub fn to_wire_bytes(&self) -> Option<Bytes> {
        let bytes = self.as_bytes()?;
        Some(self.coding.map_or_else(|| bytes.clone(), |coding| coding.whole(bytes)))
    }

    /// All of it before compression, with the name and the size of each file in its place.
    pub fn to_shown(&self) -> Cow<'_, [u8]> {
        if let Some(bytes) = self.as_bytes() {
            return Cow::Borrowed(bytes);
        }
        let mut shown = Vec::new();
        for part in &*self.parts {
            match part {
                Part::Bytes(bytes) => shown.extend_from_slice(bytes),
                Part::File(file) => shown.extend_from_slice(file.to_string().as_bytes()),
            }
        }
        Cow::Owned(shown)
    }

    /// The files in it, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = &FilePart> {
        self.parts.iter().filter_map(|part| match part {
            Part::File(file) => Some(file),
            Part::Bytes(_) => None,
        })
    }

    /// The same, with the hashes of its files. These are read for it, a piece at a time.
    ///
    /// # Errors
    /// `UploadFile` when a file cannot be read, or has changed.
    async fn hashed(self) -> Result<Self, UpstreamError> {
        if self.files().next().is_none() {
            return Ok(self);
        }
        let mut parts = self.parts.to_vec();
        for part in &mut parts {
            let alone = Payload::parts(vec![part.clone()]);
            if let Part::File(file) = part {
                let mut hasher = Context::new(&SHA256);
                alone.read(|piece| hasher.update(piece)).await?;
                file.sha256 = Some(hex(hasher.finish().as_ref()).into());
            }
        }
        Ok(Payload { parts: parts.into(), ..self })
    }

    /// The fields of the form that it is, where a file is among them.
    pub fn form(&self) -> Option<&[Field]> {
        self.form.as_deref()
    }

    /// The file that it is, where it is one and nothing else.
    pub fn as_file(&self) -> Option<&FilePart> {
        match &*self.parts {
            [Part::File(file)] => Some(file),
            _ => None,
        }
    }

    /// How it is compressed when it is sent.
    pub fn coding(&self) -> Option<Coding> {
        self.coding
    }

    pub(super) fn into_parts(self) -> Arc<[Part]> {
        self.parts
    }
}

/// A body with the hashes of its files, for a recording and for its replay.
///
/// # Errors
/// Those of [`Payload::hashed`].
pub(super) async fn hashed(body: Option<Payload>) -> Result<Option<Payload>, UpstreamError> {
    match body {
        Some(body) => body.hashed().await.map(Some),
        None => Ok(None),
    }
}

impl Part {
    /// Its size in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::File(file) => file.length,
        }
    }
}

impl std::fmt::Display for FilePart {
    /// Its name and its size, to stand where its bytes do.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        write!(f, "(the {} bytes of {name})", self.length)
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Payload { parts: [Part::Bytes(bytes.into())].into(), form: None, coding: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Part {
        Part::File(FilePart::new(Path::new("/x/photo.jpg"), 7))
    }

    fn bytes(text: &'static str) -> Part {
        Part::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn a_payload_without_a_file_is_bytes() {
        let payload = Payload::parts(vec![bytes("a"), bytes("b"), bytes("c")]);
        assert_eq!(payload.as_bytes().map(|b| &b[..]), Some(&b"abc"[..]));
        assert_eq!(Payload::parts(Vec::new()).length(), Some(0));
    }

    #[test]
    fn a_file_is_shown_by_name_and_size() {
        let payload = Payload::parts(vec![bytes("a"), file(), bytes("b")]);
        assert_eq!((payload.length(), payload.as_bytes()), (Some(9), None));
        assert_eq!(&*payload.to_shown(), b"a(the 7 bytes of photo.jpg)b");
        assert_eq!(payload.clone().coded(Coding::Gzip).length(), None);
    }
}
