//! The examples of RFC 7616, section 3.9, and of RFC 2617, section 3.5.

use http::{HeaderMap, HeaderValue};

use super::*;

fn challenge(values: &[&str]) -> Option<Challenge> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).expect("it is a header value"));
    }
    strongest(&headers)
}

const OFFER: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=ALG, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
const CLIENT_NONCE: &str = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

fn answer(challenge: &Challenge) -> String {
    let message = Message { method: "GET", uri: "/dir/index.html", body_hash: None };
    let once = Use { client_nonce: CLIENT_NONCE, count: 1 };
    challenge.answer("Mufasa", "Circle of Life", &message, &once).expect("no body is needed")
}

#[test]
fn the_example_with_md5_and_sha_256() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let challenge = challenge(&[&OFFER.replace("ALG", algorithm)]).expect("it can be answered");
        let expected = format!(
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", algorithm={algorithm}, nc=00000001, \
             cnonce=\"{CLIENT_NONCE}\", qop=auth, response=\"{response}\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        );
        assert_eq!(answer(&challenge), expected);
    }
}

#[test]
fn the_example_with_a_hashed_user_name() {
    let challenge = challenge(&[
        r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#,
    ]);
    let message = Message { method: "GET", uri: "/doe.json", body_hash: None };
    let once = Use { client_nonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", count: 1 };
    let answer = challenge.and_then(|c| c.answer("J\u{e4}s\u{f8}n Doe", "Secret, or not?", &message, &once));
    let answer = answer.expect("it can be answered");
    // The values as erratum 4897 corrects them: those of the text are of another hash.
    assert!(
        answer.contains("username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\""),
        "{answer}"
    );
    assert!(
        answer.contains("response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5\""),
        "{answer}"
    );
    assert!(answer.ends_with("userhash=true"), "{answer}");
}

#[test]
fn the_example_of_the_older_rfc() {
    // RFC 2617, section 3.5.
    let challenge = challenge(&[
        r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
    ]);
    let message = Message { method: "GET", uri: "/dir/index.html", body_hash: None };
    let once = Use { client_nonce: "0a4f113b", count: 1 };
    let answer = challenge.and_then(|c| c.answer("Mufasa", "Circle Of Life", &message, &once));
    assert!(answer.is_some_and(|text| text.contains("response=\"6629fae49393a05397450978507c4ef1\"")));
}

#[test]
fn of_several_challenges_the_strongest_known_one_is_answered() {
    let md5 = OFFER.replace("ALG", "MD5");
    let sha = OFFER.replace("ALG", "SHA-256-sess");
    let unknown = OFFER.replace("ALG", "SHA3-512");
    let best = challenge(&[&md5, "Basic realm=\"x\"", &unknown, &sha]).expect("two can be answered");
    assert_eq!((best.algorithm, best.is_session), (Algorithm::Sha256, true));
    let together = challenge(&[&format!("{md5}, {sha}")]).expect("two can be answered");
    assert_eq!(together.algorithm, Algorithm::Sha256);
    assert_eq!(challenge(&[&unknown, "Basic realm=\"x\""]), None);
    assert_eq!(challenge(&[&md5.replace("auth, auth-int", "auth-conf")]), None);
}

#[test]
fn integrity_needs_the_body_and_old_servers_name_no_protection() {
    let integrity = OFFER.replace("ALG", "MD5").replace("auth, auth-int", "auth-int");
    let integrity = challenge(&[&integrity]).expect("it can be answered");
    let hash = integrity.covers_body().map(|hash| hex(&hash.of(b"x")));
    let message = |body_hash| Message { method: "POST", uri: "/", body_hash };
    let once = Use { client_nonce: "c", count: 255 };
    assert_eq!(integrity.answer("u", "p", &message(None), &once), None);
    let answer = integrity.answer("u", "p", &message(hash.as_deref()), &once).expect("the body is there");
    assert!(answer.contains("qop=auth-int") && answer.contains("nc=000000ff"), "{answer}");
    let legacy = challenge(&[r#"Digest realm="r \"q\"", nonce="n", stale=TRUE"#]).expect("it can be answered");
    assert!(legacy.is_stale);
    let answer = legacy.answer("\u{fc}", "p", &message(None), &once).expect("no body is needed");
    assert!(answer.starts_with(r#"Digest username*=UTF-8''%C3%BC, realm="r \"q\"""#), "{answer}");
    assert!(!answer.contains("qop") && !answer.contains("algorithm") && !answer.contains("nc="), "{answer}");
}
