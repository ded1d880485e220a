//! The examples of the RFCs, and what servers answer that read them differently.

use std::sync::Arc;

use super::super::key::tests::RFC_7515_RSA;
use super::super::{Client, Server};
use super::*;

fn oauth2(grant: Grant<Secret>, proof: ClientProof<Secret>) -> OAuth2<Secret> {
    OAuth2 {
        server: Server::Endpoint(Secret::new("https://server.example.com/token")),
        grant,
        client: Client { id: Some(Secret::new("s6BhdRkqt3")), proof },
        scopes: Vec::new(),
        audience: None,
        resource: None,
        parameters: Vec::new(),
    }
}

fn form_with(oauth2: &OAuth2<Secret>, methods: Option<&[String]>) -> Result<Form, BadSigner> {
    let world = World::still(1_300_819_380, [7; 16]);
    let key = |text: &Secret| {
        let key = PrivateKey::read(text.expose().as_bytes());
        key.map(Arc::new).map_err(|bad| BadSigner { why: bad.why.to_owned(), help: Some(bad.help) })
    };
    let endpoint = "https://server.example.com/token";
    Asking { oauth2, endpoint, rotated: None, methods, world: &world, key: &key }.form()
}

fn form(oauth2: &OAuth2<Secret>) -> Form {
    form_with(oauth2, None).expect("it can be made")
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[test]
fn the_request_of_a_client_by_itself() {
    // RFC 6749, section 4.4.2.
    let made = form(&oauth2(Grant::ClientCredentials, ClientProof::Secret(secret("gX1fBat3bV"))));
    assert_eq!(made.body, "grant_type=client_credentials");
    assert_eq!(made.authorization.as_deref(), Some("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"));
}

#[test]
fn a_secret_goes_where_the_server_wants_it() {
    let methods = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let client = |proof| oauth2(Grant::ClientCredentials, proof);
    let in_form = "grant_type=client_credentials&client_id=s6BhdRkqt3&client_secret=a+b%2B";
    assert_eq!(form(&client(ClientProof::Post(secret("a b+")))).body, in_form);
    let post = methods(&["client_secret_post"]);
    let any = client(ClientProof::Secret(secret("a b+")));
    assert_eq!(form_with(&any, Some(&post)).map(|f| f.body).ok().as_deref(), Some(in_form));
    let both = methods(&["client_secret_post", "client_secret_basic"]);
    assert!(form_with(&any, Some(&both)).is_ok_and(|f| f.authorization.is_some()));
    let basic = client(ClientProof::Basic(secret("a b+")));
    let header = form_with(&basic, Some(&post)).ok().and_then(|f| f.authorization);
    // `s6BhdRkqt3:a%20b%2B`
    assert_eq!(header.as_deref(), Some("Basic czZCaGRSa3F0MzphJTIwYiUyQg=="));
    let public = form(&client(ClientProof::None));
    assert_eq!(public.body, "grant_type=client_credentials&client_id=s6BhdRkqt3");
}

#[test]
fn a_refresh_names_the_newest_token_and_further_parameters_come_last() {
    let mut asked = oauth2(Grant::RefreshToken(secret("tGzv3JOkF0XG5Qx2TlKWIA")), ClientProof::None);
    asked.client.id = None;
    asked.scopes = vec![secret("read"), secret("write all")];
    asked.resource = Some(secret("https://api.example.com/"));
    asked.parameters = vec![("tenant".into(), secret("a&b"))];
    let expected = "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&scope=read+write+all\
                    &resource=https%3A%2F%2Fapi.example.com%2F&tenant=a%26b";
    assert_eq!(form(&asked).body, expected);
}

#[test]
fn an_exchange_names_the_types_of_its_tokens() {
    // RFC 8693, section 2.3, but for the server's own audience.
    let grant = Grant::TokenExchange {
        subject_token: secret("accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC"),
        subject_token_type: None,
        actor_token: Some(secret("act")),
        actor_token_type: Some(secret("jwt")),
        requested_token_type: Some(secret("urn:ietf:params:oauth:token-type:id_token")),
    };
    let made = form(&oauth2(grant, ClientProof::None));
    let expected = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
                    &subject_token=accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC\
                    &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token\
                    &actor_token=act&actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt\
                    &requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token&client_id=s6BhdRkqt3";
    assert_eq!(made.body, expected);
}

#[test]
fn assertions_say_who_for_whom_and_until_when() {
    let signer = || Signer { key: secret(RFC_7515_RSA), key_id: None, algorithm: None };
    let claims = |token: &str| {
        let part = token.split('.').nth(1).unwrap_or_default();
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    };
    let jti = "07".repeat(16);
    let client = form(&oauth2(Grant::ClientCredentials, ClientProof::PrivateKeyJwt(signer())));
    assert!(client.body.contains(
        "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=eyJ"
    ));
    let expected = format!(
        r#"{{"iss":"s6BhdRkqt3","sub":"s6BhdRkqt3","aud":"https://server.example.com/token","iat":1300819380,"exp":1300819680,"jti":"{jti}"}}"#
    );
    assert_eq!(claims(&client.assertions[0]), expected);
    let grant = Grant::JwtBearer(Assertion::Signed {
        issuer: secret("joe"),
        subject: secret("ann"),
        audience: Some(secret("https://issuer.example.com")),
        claims: vec![("scope".into(), secret("a b"))],
        signer: signer(),
    });
    let bearer = form(&oauth2(grant, ClientProof::None));
    let claimed = claims(&bearer.assertions[0]);
    assert!(claimed.starts_with(r#"{"iss":"joe","sub":"ann","aud":"https://issuer.example.com","#), "{claimed}");
    assert!(claimed.ends_with(r#""scope":"a b"}"#), "{claimed}");
    let bad = oauth2(Grant::ClientCredentials, ClientProof::PrivateKeyJwt(Signer { key: secret("x"), ..signer() }));
    assert!(form_with(&bad, None).is_err());
}

#[test]
fn answers_are_tokens_or_reasons() {
    let ok = |body: &str| read(StatusCode::OK, body.as_bytes());
    // RFC 6749, section 5.1.
    let granted = ok(
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"}"#,
    )
    .expect("it is a token");
    assert_eq!(granted.access_token.expose(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(granted.lifetime, Some(Duration::from_secs(3600)));
    assert_eq!(granted.refresh_token.as_ref().map(Secret::expose), Some("tGzv3JOkF0XG5Qx2TlKWIA"));
    let loose = ok(r#"{"access_token":"t","expires_in":"60"}"#).expect("it is a token");
    assert_eq!(loose.lifetime, Some(Duration::from_secs(60)));
    assert_eq!(ok(r#"{"access_token":"t","expires_in":-1}"#).ok().and_then(|g| g.lifetime), None);
    let why = |status, body: &str| read(status, body.as_bytes()).err().unwrap_or_default();
    // RFC 6749, section 5.2.
    assert_eq!(why(StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#), "it answers `invalid_request`");
    assert_eq!(
        why(StatusCode::OK, r#"{"error":"invalid_client","error_description":"no such client"}"#),
        "it answers `invalid_client`: no such client"
    );
    assert_eq!(why(StatusCode::BAD_GATEWAY, "<html>"), "it answers 502 Bad Gateway");
    assert_eq!(why(StatusCode::OK, "access_token=t"), "its answer is no JSON object");
    assert_eq!(why(StatusCode::OK, r#"{"token":"t"}"#), "its answer has no `access_token`");
    assert_eq!(
        why(StatusCode::OK, r#"{"access_token":"t","token_type":"DPoP"}"#),
        "its token is of type `DPoP`, and only `Bearer` can be sent"
    );
}
