//! What a proof is made from. Generic over its texts: templates in a plan, secrets in a call.

use crate::bindings::Secret;

/// A proof that cannot be written into a request before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Proof<T> {
    /// RFC 7616.
    Digest(Digest<T>),
    /// RFC 6749 and its extensions.
    OAuth2(Box<OAuth2<T>>),
    /// RFC 5849.
    OAuth1(OAuth1<T>),
    /// Amazon's request signature.
    AwsSigV4(AwsSigV4<T>),
}

/// A user name and a password that never travel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Digest<T> {
    pub(crate) username: T,
    pub(crate) password: T,
}

/// A token of an authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OAuth2<T> {
    pub(crate) server: Server<T>,
    pub(crate) grant: Grant<T>,
    pub(crate) client: Client<T>,
    pub(crate) scopes: Vec<T>,
    pub(crate) audience: Option<T>,
    pub(crate) resource: Option<T>,
    pub(crate) parameters: Vec<(Box<str>, T)>,
}

/// Who gives tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Server<T> {
    /// Whoever is at this endpoint.
    Endpoint(T),
    /// This issuer; its metadata tells the endpoint (RFC 8414).
    Issuer(T),
}

/// What a token is given for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Grant<T> {
    /// RFC 6749, section 4.4.
    ClientCredentials,
    /// RFC 6749, section 6.
    RefreshToken(T),
    /// RFC 7523, section 2.1.
    JwtBearer(Assertion<T>),
    /// RFC 8693.
    TokenExchange {
        subject_token: T,
        subject_token_type: Option<T>,
        actor_token: Option<T>,
        actor_token_type: Option<T>,
        requested_token_type: Option<T>,
    },
}

/// A signed statement: ready, or what it is to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Assertion<T> {
    /// A ready one.
    Ready(T),
    /// One that is signed when it is needed.
    Signed {
        issuer: T,
        subject: T,
        /// Absent, the token endpoint.
        audience: Option<T>,
        claims: Vec<(Box<str>, T)>,
        signer: Signer<T>,
    },
}

/// A private key and how it signs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Signer<T> {
    pub(crate) key: T,
    pub(crate) key_id: Option<T>,
    pub(crate) algorithm: Option<T>,
}

/// Who asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client<T> {
    pub(crate) id: Option<T>,
    pub(crate) proof: ClientProof<T>,
}

/// How a client proves itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientProof<T> {
    /// Not at all.
    None,
    /// By a secret, in the way that the server prefers: the header unless it says otherwise.
    Secret(T),
    /// By a secret in the Authorization header.
    Basic(T),
    /// By a secret in the form.
    Post(T),
    /// By a signed assertion.
    PrivateKeyJwt(Signer<T>),
}

/// A signature over the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OAuth1<T> {
    pub(crate) consumer_key: T,
    pub(crate) token: Option<T>,
    pub(crate) realm: Option<T>,
    pub(crate) signature: OAuth1Signature<T>,
}

/// What signs an OAuth 1.0 request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OAuth1Signature<T> {
    /// A private key.
    RsaSha256 { key: T },
    /// Both secrets.
    HmacSha1 { consumer_secret: T, token_secret: Option<T> },
    /// Both secrets.
    HmacSha256 { consumer_secret: T, token_secret: Option<T> },
    /// The secrets themselves.
    Plaintext { consumer_secret: T, token_secret: Option<T> },
}

/// Amazon's request signature.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AwsSigV4<T> {
    pub(crate) region: T,
    pub(crate) service: T,
    pub(crate) access_key: T,
    pub(crate) secret_key: T,
    /// Empty where the session is none.
    pub(crate) session_token: Option<T>,
}

impl<T> Proof<T> {
    /// What stands for the proof where a request is shown that was not sent: scheme and name.
    pub(crate) fn placeholder(&self) -> (&'static str, &'static str) {
        match self {
            Proof::Digest(_) => ("Digest", "DIGEST_RESPONSE"),
            Proof::OAuth2(_) => ("Bearer", TOKEN_NAME),
            Proof::OAuth1(_) => ("OAuth", "OAUTH1_SIGNATURE"),
            Proof::AwsSigV4(_) => ("AWS4-HMAC-SHA256", "AWS_SIGNATURE"),
        }
    }

    /// The texts that must not show, for those that a document writes out.
    pub(crate) fn secrets(&self) -> Vec<&T> {
        let mut found = Vec::new();
        match self {
            Proof::Digest(digest) => found.push(&digest.password),
            Proof::OAuth2(oauth2) => oauth2.secrets(&mut found),
            Proof::OAuth1(oauth1) => oauth1.signature.secrets(&mut found),
            Proof::AwsSigV4(aws) => found.extend([&aws.secret_key].into_iter().chain(&aws.session_token)),
        }
        found
    }

    /// The same proof with other texts.
    pub(crate) fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> Proof<U> {
        match self {
            Proof::Digest(Digest { username, password }) => {
                Proof::Digest(Digest { username: fill(username), password: fill(password) })
            }
            Proof::OAuth2(oauth2) => Proof::OAuth2(Box::new(oauth2.map(fill))),
            Proof::OAuth1(OAuth1 { consumer_key, token, realm, signature }) => Proof::OAuth1(OAuth1 {
                consumer_key: fill(consumer_key),
                token: token.as_ref().map(&mut *fill),
                realm: realm.as_ref().map(&mut *fill),
                signature: signature.map(fill),
            }),
            Proof::AwsSigV4(AwsSigV4 { region, service, access_key, secret_key, session_token }) => {
                Proof::AwsSigV4(AwsSigV4 {
                    region: fill(region),
                    service: fill(service),
                    access_key: fill(access_key),
                    secret_key: fill(secret_key),
                    session_token: session_token.as_ref().map(fill),
                })
            }
        }
    }
}

/// The name under which a fetched token is masked.
pub(crate) const TOKEN_NAME: &str = "OAUTH2_TOKEN";

impl<T> OAuth2<T> {
    fn secrets<'t>(&'t self, found: &mut Vec<&'t T>) {
        match &self.grant {
            Grant::ClientCredentials => {}
            Grant::RefreshToken(token) => found.push(token),
            Grant::JwtBearer(Assertion::Ready(assertion)) => found.push(assertion),
            Grant::JwtBearer(Assertion::Signed { signer, .. }) => found.push(&signer.key),
            Grant::TokenExchange { subject_token, actor_token, .. } => {
                found.extend([subject_token].into_iter().chain(actor_token));
            }
        }
        match &self.client.proof {
            ClientProof::None => {}
            ClientProof::Secret(secret) | ClientProof::Basic(secret) | ClientProof::Post(secret) => found.push(secret),
            ClientProof::PrivateKeyJwt(signer) => found.push(&signer.key),
        }
    }

    fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> OAuth2<U> {
        let OAuth2 { server, grant, client, scopes, audience, resource, parameters } = self;
        OAuth2 {
            server: match server {
                Server::Endpoint(endpoint) => Server::Endpoint(fill(endpoint)),
                Server::Issuer(issuer) => Server::Issuer(fill(issuer)),
            },
            grant: grant.map(fill),
            client: Client { id: client.id.as_ref().map(&mut *fill), proof: client.proof.map(fill) },
            scopes: scopes.iter().map(&mut *fill).collect(),
            audience: audience.as_ref().map(&mut *fill),
            resource: resource.as_ref().map(&mut *fill),
            parameters: pairs(parameters, fill),
        }
    }
}

fn pairs<'t, T, U>(pairs: &'t [(Box<str>, T)], fill: &mut dyn FnMut(&'t T) -> U) -> Vec<(Box<str>, U)> {
    pairs.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
}

impl<T> Grant<T> {
    fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> Grant<U> {
        match self {
            Grant::ClientCredentials => Grant::ClientCredentials,
            Grant::RefreshToken(token) => Grant::RefreshToken(fill(token)),
            Grant::JwtBearer(Assertion::Ready(assertion)) => Grant::JwtBearer(Assertion::Ready(fill(assertion))),
            Grant::JwtBearer(Assertion::Signed { issuer, subject, audience, claims, signer }) => {
                Grant::JwtBearer(Assertion::Signed {
                    issuer: fill(issuer),
                    subject: fill(subject),
                    audience: audience.as_ref().map(&mut *fill),
                    claims: pairs(claims, fill),
                    signer: signer.map(fill),
                })
            }
            Grant::TokenExchange {
                subject_token,
                subject_token_type,
                actor_token,
                actor_token_type,
                requested_token_type,
            } => Grant::TokenExchange {
                subject_token: fill(subject_token),
                subject_token_type: subject_token_type.as_ref().map(&mut *fill),
                actor_token: actor_token.as_ref().map(&mut *fill),
                actor_token_type: actor_token_type.as_ref().map(&mut *fill),
                requested_token_type: requested_token_type.as_ref().map(fill),
            },
        }
    }
}

impl<T> Signer<T> {
    fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> Signer<U> {
        Signer {
            key: fill(&self.key),
            key_id: self.key_id.as_ref().map(&mut *fill),
            algorithm: self.algorithm.as_ref().map(fill),
        }
    }
}

impl<T> ClientProof<T> {
    fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> ClientProof<U> {
        match self {
            ClientProof::None => ClientProof::None,
            ClientProof::Secret(secret) => ClientProof::Secret(fill(secret)),
            ClientProof::Basic(secret) => ClientProof::Basic(fill(secret)),
            ClientProof::Post(secret) => ClientProof::Post(fill(secret)),
            ClientProof::PrivateKeyJwt(signer) => ClientProof::PrivateKeyJwt(signer.map(fill)),
        }
    }
}

impl<T> OAuth1Signature<T> {
    fn secrets<'t>(&'t self, found: &mut Vec<&'t T>) {
        match self {
            OAuth1Signature::RsaSha256 { key } => found.push(key),
            OAuth1Signature::HmacSha1 { consumer_secret, token_secret }
            | OAuth1Signature::HmacSha256 { consumer_secret, token_secret }
            | OAuth1Signature::Plaintext { consumer_secret, token_secret } => {
                found.extend([consumer_secret].into_iter().chain(token_secret));
            }
        }
    }

    fn map<'t, U>(&'t self, fill: &mut dyn FnMut(&'t T) -> U) -> OAuth1Signature<U> {
        match self {
            OAuth1Signature::RsaSha256 { key } => OAuth1Signature::RsaSha256 { key: fill(key) },
            OAuth1Signature::HmacSha1 { consumer_secret, token_secret } => OAuth1Signature::HmacSha1 {
                consumer_secret: fill(consumer_secret),
                token_secret: token_secret.as_ref().map(fill),
            },
            OAuth1Signature::HmacSha256 { consumer_secret, token_secret } => OAuth1Signature::HmacSha256 {
                consumer_secret: fill(consumer_secret),
                token_secret: token_secret.as_ref().map(fill),
            },
            OAuth1Signature::Plaintext { consumer_secret, token_secret } => OAuth1Signature::Plaintext {
                consumer_secret: fill(consumer_secret),
                token_secret: token_secret.as_ref().map(fill),
            },
        }
    }
}

/// An optional text; `None` where it is empty.
pub(crate) fn given(text: &Option<Secret>) -> Option<&str> {
    text.as_ref().map(Secret::expose).filter(|text| !text.is_empty())
}
