//! A file that is a parameter: its bytes travel as they are, beside the JSON of the others.

use std::path::Path;

use bytes::Bytes;
use capstan_spec::diagnostic::Code;

use crate::error::CallError;
use crate::upstream::{FilePart, Part};

/// A file that is a parameter. It is read when the call is sent, as often as that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub(crate) content: Part,
    pub(crate) name: Option<String>,
}

impl Attachment {
    /// A file on the disk. Only its size is looked at now.
    ///
    /// # Errors
    /// `UploadFile` when it is not there, or is a folder.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CallError> {
        let path = path.as_ref();
        let fail = |why: String| {
            CallError::new(Code::UploadFile, format!("the file `{}` cannot be sent: {why}", path.display()))
        };
        let meta = std::fs::metadata(path).map_err(|error| fail(error.to_string()))?;
        if !meta.is_file() {
            return Err(fail("it is no regular file".to_owned()));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(Attachment { content: Part::File(FilePart::new(path, meta.len())), name })
    }

    /// Bytes in memory, without a name.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Attachment { content: Part::Bytes(bytes.into()), name: None }
    }

    /// The media type that the name tells; `application/octet-stream` where it tells none.
    pub(crate) fn media_type(&self) -> &'static str {
        self.name.as_deref().and_then(by_extension).unwrap_or("application/octet-stream")
    }

    /// What stands for it among the other parameters.
    pub(crate) fn placeholder(&self) -> String {
        self.name.clone().unwrap_or_else(|| "(bytes)".to_owned())
    }
}

/// What people upload, by the end of its name. A crate of a thousand types would tell nothing
/// more of them; where an API is strict, the document declares the type of the part.
fn by_extension(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| *media_type)
}

/// Registered by IANA, but where nobody uses the registered one.
const TYPES: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("epub", "application/epub+zip"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("heic", "image/heic"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("log", "text/plain"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("ndjson", "application/x-ndjson"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("parquet", "application/vnd.apache.parquet"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("tsv", "text/tab-separated-values"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_the_type() {
        assert_eq!(by_extension("a.b.JPG"), Some("image/jpeg"));
        assert_eq!(by_extension("jpg"), None);
        assert_eq!(by_extension("a."), None);
        assert!(TYPES.is_sorted());
    }

    #[test]
    fn folders_and_nothing_cannot_be_sent() {
        for path in ["/", "/nowhere/at/all"] {
            let error = Attachment::open(path).expect_err("there is no file");
            assert_eq!(error.code(), Code::UploadFile);
        }
    }
}
