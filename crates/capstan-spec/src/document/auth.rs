//! `authentication`: how a consumed API knows the caller, or an exposed one its callers.

use super::collection::StringMap;
use crate::reader::{Text, record, tagged, words};
use crate::source::Spanned;

tagged! {
    /// How a caller proves who it is (specification, "Authentication").
    pub enum Authentication is "an authentication" by "type" {
        /// RFC 7617.
        Basic(Basic) = "basic";
        /// A key in a header or in the query.
        ApiKey(ApiKey) = "apikey" folk "key" folk "header";
        /// RFC 6750.
        Bearer(Bearer) = "bearer" folk "token";
        /// RFC 7616.
        Digest(Digest) = "digest";
        /// RFC 6749.
        OAuth2(OAuth2) = "oauth2" folk "oauth";
        /// RFC 5849; published files of Mastercard's APIs use it.
        OAuth1(OAuth1) = "oauth1" folk "oauth1.0a";
        /// Amazon's request signature, version 4.
        AwsSigV4(AwsSigV4) = "awsSigV4" folk "sigv4" folk "aws";
    }
}

words! {
    /// Where an API key travels.
    pub enum Placement is "a placement" {
        /// In a header.
        Header = "header";
        /// In the query.
        Query = "query";
        /// In the body; not standard, and not supported.
        Body = "body";
        /// In a cookie; not standard.
        Cookie = "cookie";
    }
}

words! {
    /// How an exposed API checks a token.
    pub enum TokenValidation is "a token validation" {
        /// By its signature.
        Jwks = "jwks";
        /// By asking the authorization server (RFC 7662).
        Introspection = "introspection";
    }
}

record! {
    /// A user name and a password.
    pub struct Basic is "basic authentication", tag "type" = "basic" {
        /// The user name.
        username: Option<Text> = "username" folk "user";
        /// The password.
        password: Option<Text> = "password";
    }
}

record! {
    /// A key in a header or in the query.
    pub struct ApiKey is "apikey authentication", tag "type" = "apikey" {
        /// The name of the header or query parameter.
        key: Option<Text> = "key" folk "name";
        /// The key itself.
        value: Option<Text> = "value" folk "token";
        /// Where it travels; absent, in a header.
        placement: Option<Spanned<Placement>> = "placement" folk "in";
        /// Several headers at once; not standard, but published.
        headers: StringMap = "headers";
    }
}

record! {
    /// A token in the Authorization header.
    pub struct Bearer is "bearer authentication", tag "type" = "bearer" {
        /// The token.
        token: Option<Text> = "token" folk "value";
    }
}

record! {
    /// A user name and a password that never travel.
    pub struct Digest is "digest authentication", tag "type" = "digest" {
        /// The user name.
        username: Option<Text> = "username" folk "user";
        /// The password.
        password: Option<Text> = "password";
    }
}

words! {
    /// How a token is asked for; not standard.
    pub enum GrantType is "a grant type" {
        /// By the client itself (RFC 6749, section 4.4).
        ClientCredentials = "client_credentials";
        /// By an earlier grant's refresh token (RFC 6749, section 6).
        RefreshToken = "refresh_token";
        /// By a signed assertion (RFC 7523, section 2.1).
        JwtBearer = "jwt_bearer" folk "urn:ietf:params:oauth:grant-type:jwt-bearer" folk "jwt";
        /// By another token (RFC 8693).
        TokenExchange = "token_exchange" folk "urn:ietf:params:oauth:grant-type:token-exchange";
    }
}

words! {
    /// How a client proves itself where it asks for tokens; not standard.
    pub enum ClientAuthentication is "a client authentication" {
        /// Identifier and secret in the Authorization header (RFC 6749, section 2.3.1).
        Basic = "client_secret_basic" folk "basic" folk "header";
        /// Identifier and secret in the form (RFC 6749, section 2.3.1).
        Post = "client_secret_post" folk "post" folk "body";
        /// A signed assertion (RFC 7523, section 2.2).
        PrivateKeyJwt = "private_key_jwt" folk "jwt";
        /// The identifier alone: a public client.
        None = "none";
    }
}

words! {
    /// How an OAuth 1.0 request is signed.
    pub enum SignatureMethod is "a signature method" {
        /// RSA with SHA-256, as Mastercard has it.
        RsaSha256 = "RSA-SHA256";
        /// HMAC with SHA-1 (RFC 5849, section 3.4.2).
        HmacSha1 = "HMAC-SHA1";
        /// HMAC with SHA-256.
        HmacSha256 = "HMAC-SHA256";
        /// The secrets themselves (RFC 5849, section 3.4.4); over https only.
        Plaintext = "PLAINTEXT";
    }
}

record! {
    /// A token from an authorization server.
    pub struct OAuth2 is "oauth2 authentication", tag "type" = "oauth2" {
        /// The issuer.
        authorization_server_uri: Option<Text> = "authorizationServerUri" folk "authorizationServer" folk "issuerUri";
        /// The resource the token is for (RFC 8707).
        resource: Option<Text> = "resource";
        /// The scopes asked for.
        scopes: Vec<Text> = "scopes" folk "scope";
        /// The audience of the token.
        audience: Option<Text> = "audience";
        /// Where tokens are asked for; absent, discovered from the issuer (RFC 8414).
        token_endpoint: Option<Text> = "tokenEndpoint" folk "tokenUrl" folk "tokenUri" folk "accessTokenUrl";
        /// How an exposed API checks a token.
        token_validation: Option<Spanned<TokenValidation>> = "tokenValidation";
        /// How a token is asked for; not standard; absent, by what else is given, else by the client itself.
        grant_type: Option<Spanned<GrantType>> = "grantType" folk "grant" folk "flow";
        /// The client's identifier; not standard.
        client_id: Option<Text> = "clientId";
        /// The client's secret; not standard.
        client_secret: Option<Text> = "clientSecret";
        /// How the client proves itself; not standard; absent, by its secret in the Authorization header where it has one.
        client_authentication: Option<Spanned<ClientAuthentication>> = "clientAuthentication" folk "tokenEndpointAuthMethod" folk "clientAuth";
        /// The refresh token of an earlier grant; not standard.
        refresh_token: Option<Text> = "refreshToken";
        /// A ready assertion, for the grant `jwt_bearer`; not standard.
        assertion: Option<Text> = "assertion";
        /// Who signs the assertion (`iss`); not standard; absent, the client's identifier.
        issuer: Option<Text> = "issuer";
        /// Whom the assertion is about (`sub`); not standard; absent, the issuer of the assertion.
        subject: Option<Text> = "subject";
        /// Whom the assertion is for (`aud`); not standard; absent, the token endpoint.
        assertion_audience: Option<Text> = "assertionAudience";
        /// Further claims of the assertion; not standard.
        assertion_claims: StringMap = "assertionClaims" folk "claims";
        /// The private key that signs assertions, PEM or `file:`; not standard.
        private_key: Option<Text> = "privateKey";
        /// The key's identifier (`kid`); not standard.
        key_id: Option<Text> = "keyId" folk "kid";
        /// How assertions are signed: `RS256`, `PS256`, `ES256`, …; not standard; absent, by the kind of the key.
        algorithm: Option<Text> = "algorithm" folk "alg";
        /// The token that is exchanged; not standard.
        subject_token: Option<Text> = "subjectToken";
        /// Its type; not standard; absent, an access token.
        subject_token_type: Option<Text> = "subjectTokenType";
        /// The token of the acting party; not standard.
        actor_token: Option<Text> = "actorToken";
        /// Its type; not standard; absent, an access token.
        actor_token_type: Option<Text> = "actorTokenType";
        /// The type of token that is wanted; not standard.
        requested_token_type: Option<Text> = "requestedTokenType";
        /// Further parameters of the token request; not standard.
        token_parameters: StringMap = "tokenParameters" folk "additionalParameters" folk "extraParameters";
        /// A ready access token; not standard.
        token: Option<Text> = "token" folk "accessToken";
    }
}

record! {
    /// A signature over the request (RFC 5849).
    pub struct OAuth1 is "oauth1 authentication", tag "type" = "oauth1" {
        /// The client's key.
        consumer_key: Option<Text> = "consumerKey" folk "clientKey";
        /// The private key that signs: PEM, base64 of DER, or `file:`.
        signing_key: Option<Text> = "signingKey" folk "privateKey";
        /// The client's secret, for HMAC.
        consumer_secret: Option<Text> = "consumerSecret" folk "clientSecret";
        /// The token.
        token: Option<Text> = "token" folk "accessToken";
        /// The token's secret.
        token_secret: Option<Text> = "tokenSecret" folk "accessTokenSecret";
        /// How requests are signed; absent, RSA-SHA256 with a signing key and HMAC-SHA1 with a secret.
        signature_method: Option<Spanned<SignatureMethod>> = "signatureMethod";
        /// The realm that is named in the header.
        realm: Option<Text> = "realm";
    }
}

record! {
    /// Amazon's request signature.
    pub struct AwsSigV4 is "awsSigV4 authentication", tag "type" = "awsSigV4" {
        /// The region; absent, the environment's `AWS_REGION`.
        region: Option<Text> = "region";
        /// The service.
        service: Option<Text> = "service" folk "serviceName";
        /// The access key's identifier; absent, the environment's `AWS_ACCESS_KEY_ID`.
        access_key: Option<Text> = "accessKey" folk "accessKeyId";
        /// The secret access key; absent, the environment's `AWS_SECRET_ACCESS_KEY`.
        secret_key: Option<Text> = "secretKey" folk "secretAccessKey";
        /// The token of a temporary session; absent, the environment's `AWS_SESSION_TOKEN`, if it is set.
        session_token: Option<Text> = "sessionToken";
    }
}

record! {
    /// How connections to a consumed API are made safe; not standard.
    pub struct Tls is "tls settings" {
        /// The client's certificate and its chain: PEM or `file:`.
        certificate: Option<Text> = "certificate" folk "cert" folk "clientCertificate";
        /// The certificate's private key: PEM or `file:`.
        key: Option<Text> = "key" folk "privateKey" folk "clientKey";
        /// The authorities that are trusted instead of the system's: PEM or `file:`.
        authority: Option<Text> = "authority" folk "ca" folk "cacert" folk "caCertificate";
    }
}
