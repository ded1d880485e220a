//! HTTP servers that stand in for the outside world, in this process, on loopback, port 0.
//!
//! A server is a plain function from [`Received`] to [`Reply`]; this module does the HTTP around
//! it and keeps a [`Journal`] of all that arrived, so that a case can check the bytes sent.

pub(crate) mod cached;
pub(crate) mod chaos;
pub(crate) mod echo;
pub(crate) mod given;
pub(crate) mod http2;
pub(crate) mod kinde;
pub(crate) mod lists;
pub(crate) mod mtls;
pub(crate) mod oauth;
mod reply;
pub(crate) mod streams;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;

use reply::Scripted;
pub(crate) use reply::{Reply, Step};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// `GET`, `POST`, …
    pub(crate) method: String,
    /// Path and query exactly as on the wire, nothing decoded.
    pub(crate) target: String,
    /// Names in lower case and raw values, in the order of arrival.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body, whole.
    pub(crate) body: Bytes,
}

impl Received {
    /// The first value of a header, lossily as text.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    /// The target up to `?`.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or("")
    }

    /// The query's pairs, decoded.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (percent_decode(name, true), percent_decode(value, true))
            })
            .collect()
    }

    /// The value of one query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.query().into_iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// The request as text: request line, headers, body. Bodies that are no text show their size.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{} {} HTTP/1.1\n", self.method, self.target);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
        }
        if !self.body.is_empty() {
            text.push('\n');
            match std::str::from_utf8(&self.body) {
                Ok(body) => text.push_str(&body.replace("\r\n", "\n")),
                Err(_) => text.push_str(&format!("({} bytes, no text)", self.body.len())),
            }
            text.push('\n');
        }
        text
    }
}

/// `%xx` decoded, and `+` as a space where the text is a form's or a query's.
pub(crate) fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 3;
                continue;
            }
            (b'+', _) if plus_is_space => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What arrived at a server, in order.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<Received>>>);

impl Journal {
    /// Everything since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.0.lock().expect("no holder of this lock panics"))
    }

    /// How many came since the last [`Journal::take`].
    pub(crate) fn count(&self) -> usize {
        self.0.lock().expect("no holder of this lock panics").len()
    }

    fn push(&self, received: Received) {
        self.0.lock().expect("no holder of this lock panics").push(received);
    }
}

type Answer = dyn Fn(&Received) -> Reply + Send + Sync;

/// A running server; it stops when dropped.
pub(crate) struct Server {
    scheme: &'static str,
    address: SocketAddr,
    journal: Journal,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Starts a server that answers with `answer`.
    pub(crate) fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Server {
        Server::listen(None, Arc::new(answer))
    }

    /// Starts a server behind TLS.
    pub(crate) fn start_tls(
        config: Arc<ServerConfig>,
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Server {
        Server::listen(Some(config.into()), Arc::new(answer))
    }

    fn listen(tls: Option<TlsAcceptor>, answer: Arc<Answer>) -> Server {
        let scheme = if tls.is_some() { "https" } else { "http" };
        Server::start_connections(scheme, move |stream, journal| {
            connected(stream, tls.clone(), answer.clone(), journal)
        })
    }

    /// Starts a server that does with its connections what it likes.
    pub(crate) fn start_connections<F: Future<Output = ()> + Send + 'static>(
        scheme: &'static str,
        connected: impl Fn(TcpStream, Journal) -> F + Send + 'static,
    ) -> Server {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a port");
        listener.set_nonblocking(true).expect("a fresh socket takes the flag");
        let address = listener.local_addr().expect("a bound socket has an address");
        let journal = Journal::default();
        let task = RUNTIME.spawn(accept(listener, connected, journal.clone()));
        Server { scheme, address, journal, task }
    }

    /// A port at which a connection is neither made nor refused: its queue is full for ever.
    pub(crate) fn deaf() -> Server {
        let _inside = RUNTIME.enter();
        let socket = TcpSocket::new_v4().expect("the system gives a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("loopback has a port");
        let listener = socket.listen(0).expect("a bound socket listens");
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut queue = Vec::new();
        let patience = Duration::from_millis(100);
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, patience) {
            queue.push(stream);
            assert!(queue.len() < 1000, "the queue of this system has no end");
        }
        let task = RUNTIME.spawn(async move {
            let _held = (listener, queue);
            std::future::pending::<()>().await;
        });
        Server { scheme: "http", address, journal: Journal::default(), task }
    }

    /// `http://127.0.0.1:PORT`, or `https://`.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What arrived.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One thread drives all servers: they do nothing that takes time.
static RUNTIME: LazyLock<Handle> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the system gives a reactor");
        sender.send(runtime.handle().clone()).expect("the receiver waits below");
        runtime.block_on(std::future::pending::<()>());
    });
    receiver.recv().expect("the thread above sends first of all")
});

async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: std::net::TcpListener,
    connected: impl Fn(TcpStream, Journal) -> F,
    journal: Journal,
) {
    let listener = TcpListener::from_std(listener).expect("the socket is non-blocking");
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connected(stream, journal.clone()));
    }
}

async fn connected(stream: TcpStream, tls: Option<TlsAcceptor>, answer: Arc<Answer>, journal: Journal) {
    match tls {
        None => serve(stream, answer, journal).await,
        Some(tls) => match tls.accept(stream).into_fallible().await {
            Ok(stream) => serve(stream, answer, journal).await,
            Err((_refused, mut stream)) => {
                // Who is not let in is told so by TLS. A client that has sent its request by now hears
                // it only if that is read: a socket with something unread in it is reset.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await; // whatever it was
            }
        },
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Arc<Answer>, journal: Journal) {
    let service = service_fn(move |request| respond(request, answer.clone(), journal.clone()));
    let connection = hyper::server::conn::http1::Builder::new();
    // A client that hangs up is a case's business, not the server's.
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(
    request: Request<Incoming>,
    answer: Arc<Answer>,
    journal: Journal,
) -> Result<Response<Scripted>, Infallible> {
    let received = receive(request).await;
    journal.push(received.clone());
    let reply = answer(&received);
    tokio::time::sleep(reply.delay).await;
    Ok(reply.into_response())
}

async fn receive(request: Request<Incoming>) -> Received {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = head.headers.iter();
    Received {
        method: head.method.to_string(),
        target: target.to_owned(),
        headers: headers.map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        body: body.collect().await.map(|body| body.to_bytes()).unwrap_or_default(),
    }
}
