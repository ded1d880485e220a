//! The examples of RFC 5849, and what Mastercard's published signers expect.

use url::Url;

use super::*;

fn message<'m>(method: &'m str, url: &'m Url, form: Option<&'m str>) -> Message<'m> {
    Message { method, target: Target::of(url), form, body_hash: None }
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("it is a URL")
}

#[test]
fn the_base_string_of_the_rfc() {
    // RFC 5849, sections 3.4.1.1 and 3.4.1.3.1; its example has no `oauth_version`.
    let url = url("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b");
    let message = message("POST", &url, Some("c2&a3=2+q"));
    let oauth = [
        ("oauth_consumer_key", "9djdj82h48djs9d2".to_owned()),
        ("oauth_token", "kkk9d7dh3k39sjv7".to_owned()),
        ("oauth_signature_method", "HMAC-SHA1".to_owned()),
        ("oauth_timestamp", "137131201".to_owned()),
        ("oauth_nonce", "7d8f3e4a".to_owned()),
    ];
    let expected = "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D\
                    %26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a\
                    %26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7";
    assert_eq!(base_string(&message, &oauth), expected);
}

#[test]
fn the_signature_of_the_published_example() {
    // OAuth Core 1.0 Revision A, appendix A.5: the same request as in RFC 5849, section 1.2, with
    // its signature.
    let url = url("http://photos.example.net/photos?file=vacation.jpg&size=original");
    let claims = Claims {
        consumer_key: "dpf43f3p2l4k3l03",
        token: Some("nnch734d00sl2jdk"),
        realm: None,
        timestamp: 1_191_242_096,
        nonce: "kllo9940pd9333jh",
    };
    let method = Method::HmacSha1("kd94hf93k423kf44", "pfkkdhi9sl3r4s00");
    let header = header(&message("GET", &url, None), &claims, &method).expect("secrets sign always");
    assert!(header.contains("oauth_signature=\"tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D\""), "{header}");
}

#[test]
fn the_uri_is_that_of_the_published_signers() {
    for (written, signed) in [
        ("http://EXAMPLE.COM:80/r%20v/X?id=123", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080", "https://www.example.net:8080/"),
        ("https://api.mastercard.com:443/test?query=param#fragment", "https://api.mastercard.com/test"),
        ("https://www.example.com/api/test%40test", "https://www.example.com/api/test%40test"),
        ("http://example.com/r%2540v/X?id=123", "http://example.com/r%2540v/X"),
        ("https://www.example.net:8080/foo(bar/test?query=test", "https://www.example.net:8080/foo(bar/test"),
    ] {
        let url = url(written);
        let base = base_string(&message("GET", &url, None), &[]);
        assert_eq!(base.split('&').nth(1), Some(encode(signed).as_str()), "{written}");
    }
}

#[test]
fn a_body_is_hashed_as_the_published_signers_do() {
    let hash = |signature: &OAuth1Signature<&str>, body: &'static str| {
        covers_body(signature, body.is_empty()).map(|hash| STANDARD.encode(hash.of(body.as_bytes())))
    };
    let rsa = OAuth1Signature::RsaSha256 { key: "" };
    assert_eq!(hash(&rsa, "").as_deref(), Some("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
    assert_eq!(hash(&rsa, "{\"fo\u{f5}\":\"bar\"}").as_deref(), Some("+Z+PWW2TJDnPvRcTgol+nKO3LT7xm8smnsg+//XMIyI="));
    assert_eq!(hash(&OAuth1Signature::HmacSha1 { consumer_secret: "a", token_secret: None }, ""), None);
}

#[test]
fn the_header_encodes_every_value_and_names_the_realm_first() {
    let url = url("https://api.example.com/a?q=%20");
    let claims =
        Claims { consumer_key: "key!with@signs", token: None, realm: Some("Photos"), timestamp: 1, nonce: "n" };
    let header = header(&message("GET", &url, None), &claims, &Method::Plaintext("se&cret", ""));
    assert_eq!(
        header.as_deref(),
        Some(
            "OAuth realm=\"Photos\", oauth_consumer_key=\"key%21with%40signs\", oauth_nonce=\"n\", \
             oauth_signature=\"se%2526cret%26\", oauth_signature_method=\"PLAINTEXT\", oauth_timestamp=\"1\", \
             oauth_version=\"1.0\""
        )
    );
}
