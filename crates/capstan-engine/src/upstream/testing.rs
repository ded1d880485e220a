//! A server on loopback that does what a test says, byte by byte; it lives as long as the
//! test's runtime.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Connection, Request};

/// What the server does after it has read a request.
pub(super) enum Reply {
    /// Sends these bytes and keeps the connection for the next request.
    Keep(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Close(Vec<u8>),
    /// Sends these bytes and then nothing, for ever.
    Hang(Vec<u8>),
}

/// A response of a status with some header lines and a body, its length included.
pub(super) fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for line in headers {
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Reply::Keep(bytes)
}

/// A running server.
pub(super) struct Server {
    /// `http://127.0.0.1:PORT`.
    pub(super) url: String,
    received: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Server {
    /// Starts a server that answers each request (head and body as text) by `reply`.
    pub(super) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let server =
            Server { url: format!("http://127.0.0.1:{port}"), received: Arc::default(), connections: Arc::default() };
        let (received, connections) = (server.received.clone(), server.connections.clone());
        let reply = Arc::new(reply);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().expect("no test panics holding it") += 1;
                tokio::spawn(serve(stream, received.clone(), reply.clone()));
            }
        });
        server
    }

    /// The requests so far, heads in lower case as hyper writes them.
    pub(super) fn received(&self) -> Vec<String> {
        self.received.lock().expect("no test panics holding it").clone()
    }

    /// The connections so far.
    pub(super) fn connections(&self) -> usize {
        *self.connections.lock().expect("no test panics holding it")
    }

    /// A GET for a path of this server.
    pub(super) fn get(&self, path: &str) -> Request {
        get(&format!("{}{path}", self.url))
    }
}

/// A GET for a URL.
pub(super) fn get(url: &str) -> Request {
    Request {
        method: http::Method::GET,
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        connection: Connection::default(),
    }
}

async fn serve(mut stream: TcpStream, received: Arc<Mutex<Vec<String>>>, reply: Arc<impl Fn(&str) -> Reply>) {
    while let Some(request) = read_request(&mut stream).await {
        received.lock().expect("no test panics holding it").push(request.clone());
        match reply(&request) {
            Reply::Keep(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Close(bytes) => {
                let _ = stream.write_all(&bytes).await; // The client may be gone already.
                return;
            }
            Reply::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await; // The client may be gone already.
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            return Some(text.into_owned());
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok())
        .unwrap_or(0)
}
