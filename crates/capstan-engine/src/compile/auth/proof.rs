//! Authentication that makes its proof when a request is sent: which grant, which signature.
//!
//! What is given tells what is meant; `grantType`, `clientAuthentication` and `signatureMethod`
//! are needed only where two readings are left.

use capstan_spec::Text;
use capstan_spec::document::{self, Authentication, ClientAuthentication, GrantType, SignatureMethod, StringMap};
use capstan_spec::source::Span;

use super::{missing, template};
use crate::auth::{
    Assertion, AwsSigV4, Client, ClientProof, Digest, Grant, OAuth1, OAuth1Signature, OAuth2, Proof, Server, Signer,
};
use crate::compile::names::Scope;
use crate::plan::{Part, Template};

/// Compiles an authentication; `None` after a key was missed.
pub(super) fn compile(written: &Authentication, scope: &mut Scope<'_>) -> Option<Proof<Template>> {
    match written {
        Authentication::Digest(digest) => {
            let username = template(digest.username.as_ref(), "username", digest.span, scope);
            let password = template(digest.password.as_ref(), "password", digest.span, scope);
            Some(Proof::Digest(Digest { username: username?, password: password? }))
        }
        Authentication::OAuth2(oauth2) => {
            let keys = Keys { span: oauth2.span, scope };
            keys.oauth2(oauth2).map(|oauth2| Proof::OAuth2(Box::new(oauth2)))
        }
        Authentication::OAuth1(oauth1) => Keys { span: oauth1.span, scope }.oauth1(oauth1).map(Proof::OAuth1),
        Authentication::AwsSigV4(aws) => Keys { span: aws.span, scope }.aws(aws).map(Proof::AwsSigV4),
        Authentication::Basic(_) | Authentication::ApiKey(_) | Authentication::Bearer(_) => None,
    }
}

/// Reads the keys of one record.
struct Keys<'s, 'k> {
    span: Span,
    scope: &'s mut Scope<'k>,
}

impl Keys<'_, '_> {
    /// A key that must be there.
    fn need(&mut self, text: &Option<Text>, key: &str) -> Option<Template> {
        template(text.as_ref(), key, self.span, self.scope)
    }

    fn optional(&mut self, text: &Option<Text>, key: &str) -> Option<Template> {
        text.as_ref().and_then(|text| template(Some(text), key, self.span, self.scope))
    }

    fn pairs(&mut self, map: &StringMap) -> Vec<(Box<str>, Template)> {
        let pairs = map.entries.iter().filter_map(|(name, value)| {
            let value = template(Some(value), &name.value, value.span, self.scope)?;
            Some((Box::from(&*name.value), value))
        });
        pairs.collect()
    }

    fn oauth2(mut self, written: &document::OAuth2) -> Option<OAuth2<Template>> {
        let server = match (&written.token_endpoint, &written.authorization_server_uri) {
            (Some(_), _) => self.need(&written.token_endpoint, "tokenEndpoint").map(Server::Endpoint),
            (None, Some(_)) => {
                self.need(&written.authorization_server_uri, "authorizationServerUri").map(Server::Issuer)
            }
            (None, None) => {
                missing("tokenEndpoint", self.span, self.scope);
                None
            }
        };
        let kind = written.grant_type.map_or_else(|| implied_grant(written), |g| g.value);
        let grant = self.grant(kind, written);
        let client = self.client(kind, written);
        let scopes = written.scopes.iter().filter_map(|s| template(Some(s), "scopes", s.span, self.scope)).collect();
        let audience = self.optional(&written.audience, "audience");
        let resource = self.optional(&written.resource, "resource");
        let parameters = self.pairs(&written.token_parameters);
        Some(OAuth2 { server: server?, grant: grant?, client: client?, scopes, audience, resource, parameters })
    }

    fn grant(&mut self, kind: GrantType, written: &document::OAuth2) -> Option<Grant<Template>> {
        match kind {
            GrantType::ClientCredentials => Some(Grant::ClientCredentials),
            GrantType::RefreshToken => self.need(&written.refresh_token, "refreshToken").map(Grant::RefreshToken),
            GrantType::JwtBearer if written.assertion.is_some() => {
                let assertion = self.need(&written.assertion, "assertion");
                assertion.map(|assertion| Grant::JwtBearer(Assertion::Ready(assertion)))
            }
            GrantType::JwtBearer => self.assertion(written).map(Grant::JwtBearer),
            GrantType::TokenExchange => Some(Grant::TokenExchange {
                subject_token: self.need(&written.subject_token, "subjectToken")?,
                subject_token_type: self.optional(&written.subject_token_type, "subjectTokenType"),
                actor_token: self.optional(&written.actor_token, "actorToken"),
                actor_token_type: self.optional(&written.actor_token_type, "actorTokenType"),
                requested_token_type: self.optional(&written.requested_token_type, "requestedTokenType"),
            }),
        }
    }

    fn assertion(&mut self, written: &document::OAuth2) -> Option<Assertion<Template>> {
        let issuer = if written.issuer.is_some() { &written.issuer } else { &written.client_id };
        let issuer = self.need(issuer, "issuer");
        let subject = self.optional(&written.subject, "subject").or_else(|| issuer.clone());
        let audience = self.optional(&written.assertion_audience, "assertionAudience");
        let claims = self.pairs(&written.assertion_claims);
        let signer = self.signer(written);
        Some(Assertion::Signed { issuer: issuer?, subject: subject?, audience, claims, signer: signer? })
    }

    fn signer(&mut self, written: &document::OAuth2) -> Option<Signer<Template>> {
        let key = self.need(&written.private_key, "privateKey");
        let key_id = self.optional(&written.key_id, "keyId");
        let algorithm = self.optional(&written.algorithm, "algorithm");
        Some(Signer { key: key?, key_id, algorithm })
    }

    fn client(&mut self, kind: GrantType, written: &document::OAuth2) -> Option<Client<Template>> {
        let proof = match written.client_authentication.map(|c| c.value) {
            Some(ClientAuthentication::None) => ClientProof::None,
            Some(ClientAuthentication::Basic) => ClientProof::Basic(self.need(&written.client_secret, "clientSecret")?),
            Some(ClientAuthentication::Post) => ClientProof::Post(self.need(&written.client_secret, "clientSecret")?),
            Some(ClientAuthentication::PrivateKeyJwt) => ClientProof::PrivateKeyJwt(self.signer(written)?),
            None if written.client_secret.is_some() => {
                ClientProof::Secret(self.need(&written.client_secret, "clientSecret")?)
            }
            // With the grant `jwt_bearer` the key is the assertion's.
            None if written.private_key.is_some() && kind != GrantType::JwtBearer => {
                ClientProof::PrivateKeyJwt(self.signer(written)?)
            }
            None if kind == GrantType::ClientCredentials => {
                missing("clientSecret", self.span, self.scope);
                return None;
            }
            None => ClientProof::None,
        };
        let is_needed = kind == GrantType::ClientCredentials || !matches!(proof, ClientProof::None);
        let id = match is_needed {
            true => Some(self.need(&written.client_id, "clientId")?),
            false => self.optional(&written.client_id, "clientId"),
        };
        Some(Client { id, proof })
    }

    fn oauth1(mut self, written: &document::OAuth1) -> Option<OAuth1<Template>> {
        let consumer_key = self.need(&written.consumer_key, "consumerKey");
        let token = self.optional(&written.token, "token");
        let realm = self.optional(&written.realm, "realm");
        let implied = match written.signing_key {
            Some(_) => SignatureMethod::RsaSha256,
            None if written.consumer_secret.is_some() => SignatureMethod::HmacSha1,
            None => {
                missing("signingKey", self.span, self.scope);
                return None;
            }
        };
        let method = written.signature_method.map_or(implied, |m| m.value);
        let signature = match method {
            SignatureMethod::RsaSha256 => {
                OAuth1Signature::RsaSha256 { key: self.need(&written.signing_key, "signingKey")? }
            }
            SignatureMethod::HmacSha1 | SignatureMethod::HmacSha256 | SignatureMethod::Plaintext => {
                let consumer_secret = self.need(&written.consumer_secret, "consumerSecret")?;
                let token_secret = self.optional(&written.token_secret, "tokenSecret");
                shared_secrets(method, consumer_secret, token_secret)
            }
        };
        Some(OAuth1 { consumer_key: consumer_key?, token, realm, signature })
    }

    fn aws(mut self, written: &document::AwsSigV4) -> Option<AwsSigV4<Template>> {
        let region = self.or_environment(&written.region, "region", "AWS_REGION", true);
        let service = self.need(&written.service, "service");
        let access_key = self.or_environment(&written.access_key, "accessKey", "AWS_ACCESS_KEY_ID", true);
        let secret_key = self.or_environment(&written.secret_key, "secretKey", "AWS_SECRET_ACCESS_KEY", true);
        // The environment's token belongs to the environment's key.
        let session_token = match (&written.session_token, &written.access_key) {
            (None, Some(_)) => None,
            (token, _) => self.or_environment(token, "sessionToken", "AWS_SESSION_TOKEN", false),
        };
        let (region, access_key, secret_key) = (region?, access_key?, secret_key?);
        Some(AwsSigV4 { region, service: service?, access_key, secret_key, session_token })
    }

    /// A key, or the variable of the environment that Amazon's own tools read.
    fn or_environment(&mut self, text: &Option<Text>, key: &str, variable: &str, is_needed: bool) -> Option<Template> {
        match text {
            Some(text) => template(Some(text), key, self.span, self.scope),
            None => {
                let id = self.scope.environment_variable(variable, is_needed, self.span);
                Some(Template { parts: vec![Part::Variable(id)] })
            }
        }
    }
}

fn shared_secrets(
    method: SignatureMethod,
    consumer_secret: Template,
    token_secret: Option<Template>,
) -> OAuth1Signature<Template> {
    match method {
        SignatureMethod::HmacSha256 => OAuth1Signature::HmacSha256 { consumer_secret, token_secret },
        SignatureMethod::Plaintext => OAuth1Signature::Plaintext { consumer_secret, token_secret },
        SignatureMethod::HmacSha1 | SignatureMethod::RsaSha256 => {
            OAuth1Signature::HmacSha1 { consumer_secret, token_secret }
        }
    }
}

/// The grant that the other keys imply.
fn implied_grant(written: &document::OAuth2) -> GrantType {
    if written.subject_token.is_some() {
        GrantType::TokenExchange
    } else if written.refresh_token.is_some() {
        GrantType::RefreshToken
    } else if written.assertion.is_some() || written.subject.is_some() || written.issuer.is_some() {
        GrantType::JwtBearer
    } else {
        GrantType::ClientCredentials
    }
}
