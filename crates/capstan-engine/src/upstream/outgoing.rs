//! A payload on its way out: its parts one behind the other, files read as they go.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http_body::{Body, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::UpstreamError;
use super::coding::Encoder;
use super::payload::{FilePart, Part, Payload};
use crate::limits::FILE_PIECE_BYTES;

/// A payload as the client sends it.
pub(super) fn body(payload: &Payload) -> reqwest::Body {
    match payload.to_wire_bytes() {
        Some(bytes) => bytes.into(),
        None => reqwest::Body::wrap(Outgoing::new(payload)),
    }
}

/// A file that cannot be sent as it was announced.
#[derive(Debug)]
pub(super) struct Unsendable(String);

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unsendable {}

fn unsendable(file: &FilePart, why: &dyn fmt::Display) -> io::Error {
    io::Error::other(Unsendable(format!("the file `{}` cannot be sent: {why}", file.path.display())))
}

impl Payload {
    /// Hands all of it, as it is sent, on piece by piece; a file is read as it is when it is sent.
    ///
    /// # Errors
    /// `UploadFile` when a file cannot be read, or has changed.
    pub(crate) async fn read(&self, mut take: impl FnMut(&[u8]) + Send) -> Result<(), UpstreamError> {
        if let Some(bytes) = self.to_wire_bytes() {
            take(&bytes);
            return Ok(());
        }
        let mut outgoing = Outgoing::new(self);
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut outgoing).poll_frame(cx)).await {
            let frame = frame.map_err(|error| UpstreamError::new(Code::UploadFile, error.to_string()))?;
            frame.data_ref().into_iter().for_each(|piece| take(piece));
        }
        Ok(())
    }
}

struct Outgoing {
    parts: Arc<[Part]>,
    /// The part that is sent next.
    next: usize,
    /// The file that is being read, and bytes of it that are still to come.
    open: Option<(File, u64)>,
    encoder: Option<Encoder>,
    /// The size of the whole, where no encoder changes it.
    left: Option<u64>,
}

impl Outgoing {
    fn new(payload: &Payload) -> Self {
        let left = payload.length();
        let encoder = payload.coding().map(Encoder::new);
        Outgoing { parts: payload.clone().into_parts(), next: 0, open: None, encoder, left }
    }

    /// The next bytes before compression.
    fn poll_plain(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if let Some((file, left)) = &mut self.open {
                let Part::File(part) = &self.parts[self.next - 1] else { unreachable!("only files are opened") };
                if *left == 0 {
                    self.open = None;
                    continue;
                }
                let mut piece = vec![0; FILE_PIECE_BYTES.min(usize::try_from(*left).unwrap_or(FILE_PIECE_BYTES))];
                let mut buffer = ReadBuf::new(&mut piece);
                ready!(Pin::new(file).poll_read(cx, &mut buffer)).map_err(|error| unsendable(part, &error))?;
                let read = buffer.filled().len();
                if read == 0 {
                    let why = format!("it ended {left} bytes too early");
                    return Poll::Ready(Some(Err(unsendable(part, &why))));
                }
                *left -= read as u64;
                piece.truncate(read);
                return Poll::Ready(Some(Ok(piece.into())));
            }
            let part = self.parts.get(self.next);
            self.next += 1;
            match part {
                None => return Poll::Ready(None),
                Some(Part::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Part::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes.clone()))),
                Some(Part::File(file)) => self.open = Some((open(file)?, file.length)),
            }
        }
    }
}

/// Opens a file that must still have the size that was announced.
fn open(part: &FilePart) -> io::Result<File> {
    let file = std::fs::File::open(&part.path).map_err(|error| unsendable(part, &error))?;
    let length = file.metadata().map_err(|error| unsendable(part, &error))?.len();
    if length != part.length {
        let why = format!("it had {} bytes when the call began, and has {length} now", part.length);
        return Err(unsendable(part, &why));
    }
    Ok(File::from_std(file))
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            let plain = ready!(self.poll_plain(cx)).transpose()?;
            let bytes = match (plain, self.encoder.take()) {
                (Some(bytes), None) => bytes,
                (Some(bytes), Some(mut encoder)) => {
                    let ready = encoder.push(&bytes)?;
                    self.encoder = Some(encoder);
                    ready.into()
                }
                (None, Some(encoder)) => encoder.finish()?.into(),
                (None, None) => return Poll::Ready(None),
            };
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(bytes.len() as u64);
            }
            if !bytes.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
