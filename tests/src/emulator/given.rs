//! A server that gives the answers that a case wrote down, by path.

use bytes::Bytes;

use super::{Reply, Server};

/// An answer of a case.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
}

/// A server of these answers; other paths are 404.
pub(crate) fn start(answers: Vec<Given>) -> Server {
    Server::start(move |request| match answers.iter().find(|given| given.path == request.path()) {
        Some(given) => Reply::new(given.status, &given.media_type, given.body.clone()),
        None => Reply::empty(404),
    })
}
