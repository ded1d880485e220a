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

record! {
    /// A token from an authorization server.
    pub struct OAuth2 is "oauth2 authentication", tag "type" = "oauth2" {
        /// The issuer.
        authorization_server_uri: Option<Text> = "authorizationServerUri";
        /// The resource the token is for (RFC 8707).
        resource: Option<Text> = "resource";
        /// The scopes asked for.
        scopes: Vec<Text> = "scopes";
        /// The audience of the token.
        audience: Option<Text> = "audience";
        /// Where tokens are asked for; absent, discovered from the issuer.
        token_endpoint: Option<Text> = "tokenEndpoint" folk "tokenUrl";
        /// How an exposed API checks a token.
        token_validation: Option<Spanned<TokenValidation>> = "tokenValidation";
        /// The client's identifier; not standard.
        client_id: Option<Text> = "clientId";
        /// The client's secret; not standard.
        client_secret: Option<Text> = "clientSecret";
        /// A ready access token; not standard.
        token: Option<Text> = "token";
    }
}

record! {
    /// A signature over the request (RFC 5849).
    pub struct OAuth1 is "oauth1 authentication", tag "type" = "oauth1" {
        /// The client's key.
        consumer_key: Option<Text> = "consumerKey";
        /// The private key that signs.
        signing_key: Option<Text> = "signingKey";
        /// The client's secret, for HMAC.
        consumer_secret: Option<Text> = "consumerSecret";
        /// The token.
        token: Option<Text> = "token";
        /// The token's secret.
        token_secret: Option<Text> = "tokenSecret";
    }
}

record! {
    /// Amazon's request signature.
    pub struct AwsSigV4 is "awsSigV4 authentication", tag "type" = "awsSigV4" {
        /// The region.
        region: Option<Text> = "region";
        /// The service.
        service: Option<Text> = "service";
        /// The access key's identifier.
        access_key: Option<Text> = "accessKey" folk "accessKeyId";
        /// The secret access key.
        secret_key: Option<Text> = "secretKey" folk "secretAccessKey";
        /// The token of a temporary session.
        session_token: Option<Text> = "sessionToken";
    }
}
