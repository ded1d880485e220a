//! A request with its proof: signed, sent, and sent once more where the answer asks for another.

use std::sync::Arc;

use super::Exchange;
use crate::auth::{Again, Keeper, Proof};
use crate::bindings::Secret;
use crate::limits;
use crate::upstream::{Incoming, Request, Upstream, UpstreamError};

/// What proves the requests of an exchange.
#[derive(Clone, Copy)]
pub(crate) struct Prover<'e> {
    pub(crate) keeper: &'e Keeper,
    pub(crate) proof: &'e Proof<Secret>,
    /// What tokens are fetched through.
    pub(crate) via: &'e Arc<dyn Upstream>,
}

impl Exchange<'_> {
    /// Sends a request and gives the head of the answer to it.
    pub(super) async fn proved(&self, request: &Request) -> Result<Incoming, UpstreamError> {
        let Some(prover) = self.prover else { return self.upstream.send(request.clone()).await };
        let signed = prover.signed(request).await?;
        let incoming = self.upstream.send(signed.clone()).await?;
        // Who answers behind a redirect did not see this proof.
        if !incoming.redirects.is_empty() || prover.learn(&signed, &incoming) == Again::No {
            return Ok(incoming);
        }
        // Read to its end, the answer gives its connection free; whatever it is, it is no answer.
        let _ = incoming.read(limits::REFUSAL_BYTES_MAX).await;
        let signed = prover.signed(request).await?;
        let incoming = self.upstream.send(signed.clone()).await?;
        if incoming.redirects.is_empty() {
            prover.learn(&signed, &incoming);
        }
        Ok(incoming)
    }
}

impl Prover<'_> {
    async fn signed(&self, request: &Request) -> Result<Request, UpstreamError> {
        let mut signed = request.clone();
        self.keeper.sign(self.proof, &mut signed, self.via).await?;
        Ok(signed)
    }

    fn learn(&self, signed: &Request, incoming: &Incoming) -> Again {
        self.keeper.answered(self.proof, signed, incoming.status, &incoming.headers)
    }
}
