//! Proofs that are made when a request is sent: challenges answered, tokens fetched, requests signed.
//!
//! A plan holds [`Proof`]s of templates; rendering fills them in; the [`Keeper`] carries them out. The
//! schemes themselves (`digest`, `oauth1`, `sigv4`, `jwt`, `token`) are pure: clock and nonce are given.

mod body;
mod challenge;
mod digest;
mod discovery;
mod fetch;
mod jwt;
mod keeper;
mod key;
mod message;
mod oauth1;
mod proof;
mod sigv4;
mod token;
mod world;

pub(crate) use keeper::{Again, Keeper, KeeperDoors, TlsTexts};
pub(crate) use key::{BadKey, der as key_der};
pub(crate) use proof::{
    Assertion, AwsSigV4, Client, ClientProof, Digest, Grant, OAuth1, OAuth1Signature, OAuth2, Proof, Server, Signer,
};
pub(crate) use world::{World, hex};
