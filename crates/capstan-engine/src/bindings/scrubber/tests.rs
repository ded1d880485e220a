//! The scrubber by example and by property: no encoding of a secret survives, at any place.

use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

fn scrubber(secrets: &[(&str, &str)]) -> Scrubber {
    Scrubber::new(secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::new(*text))))
}

#[track_caller]
fn check(secrets: &[(&str, &str)], text: &str, clean: &str) {
    assert_eq!(scrubber(secrets).scrub(text), clean);
}

#[test]
fn each_encoding_gives_the_mask() {
    let secrets = [("KEY", r#"p@ss/w "é"#)];
    for text in [
        r#"p@ss/w "é"#,
        "p@ss%2Fw%20%22%C3%A9",
        "p%40ss%2fw+%22%c3%a9",
        r#"p@ss\/w \"\u00e9"#,
        "p@ss/w &quot;&#233;",
        "p&#x40;ss/w &#34;é",
        r"p%40ss%2Fw%20%5C%22%C3%A9",
    ] {
        check(&secrets, &format!("<{text}>"), "<{{KEY}}>");
    }
}

#[test]
fn base64_is_found_at_every_alignment() {
    let secrets = [("KEY", "correct horse")];
    for prefix in ["", "a", "ab", "abc:"] {
        let text = STANDARD.encode(format!("{prefix}correct horse"));
        let clean = scrubber(&secrets).scrub(&text).into_owned();
        assert!(clean.contains("{{KEY}}"), "{text} → {clean}");
        assert!(clean.len() - "{{KEY}}".len() <= prefix.len().div_ceil(3) * 4 + 2, "{clean}");
    }
}

#[test]
fn short_secrets_are_left_alone() {
    check(&[("KEY", "abc")], "abcdef", "abcdef");
    check(&[("KEY", "äöü")], "äöü", "äöü");
    check(&[("KEY", "")], "", "");
}

#[test]
fn the_longest_of_overlapping_secrets_gives_the_mask() {
    check(&[("IN", "token"), ("OUT", "my-token-1")], "x my-token-1 token", "x {{OUT}} {{IN}}");
    check(&[("A", "abcd"), ("B", "cdefgh")], "-abcdefgh-", "-{{B}}-");
    check(&[("A", "aaaa")], "aaaaaaaa a", "{{A}} a");
}

#[test]
fn a_text_without_secrets_is_borrowed() {
    let scrubber = scrubber(&[("KEY", "hunter2")]);
    assert!(matches!(scrubber.scrub("a%20b \\n &amp; c"), Cow::Borrowed(_)));
    assert!(matches!(Scrubber::new([]).scrub("hunter2"), Cow::Borrowed(_)));
}

#[test]
fn a_secret_in_a_host_is_found_in_lower_case() {
    check(&[("ORG", "AcmeCorp")], "https://acmecorp.kinde.com", "https://{{ORG}}.kinde.com");
}

#[test]
fn debug_shows_names_only() {
    let shown = format!("{:?}", scrubber(&[("KEY", "hunter2")]));
    assert!(shown.contains("{{KEY}}") && !shown.contains("hunter2"), "{shown}");
}

/// Everything except what RFC 3986 calls unreserved.
const STRICT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// As little as a lenient encoder of queries leaves unescaped.
const LENIENT: AsciiSet = CONTROLS.add(b' ').add(b'"').add(b'%').add(b'&').add(b'+').add(b'#');

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a string is JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

fn json_ascii(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect()
}

fn html(text: &str) -> String {
    let escapes = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")];
    escapes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn xml_numeric(text: &str) -> String {
    text.chars().map(|c| format!("&#x{:X};", u32::from(c))).collect()
}

/// Every encoding of a secret that is the same wherever it stands.
fn encodings(secret: &str) -> Vec<String> {
    let strict = utf8_percent_encode(secret, &STRICT).to_string();
    let form = strict.replace("%20", "+");
    let lower: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped = utf8_percent_encode(&json(secret), &STRICT).to_string();
    vec![
        secret.to_owned(),
        strict,
        form,
        lower,
        utf8_percent_encode(secret, &LENIENT).to_string(),
        json(secret),
        json(secret).replace('/', "\\/"),
        json_ascii(secret),
        html(secret),
        xml_numeric(secret),
        escaped,
    ]
}

fn a_secret() -> impl Strategy<Value = String> {
    prop_oneof![r#"[a-zA-Z0-9"'%+/\\&<>= é😀:_-]{4,24}"#, "[a-zA-Z0-9]{4,40}", r"\PC{4,16}",]
}

/// Text around a secret that cannot change what the secret's first or last escape means.
fn surroundings() -> impl Strategy<Value = String> {
    r#"[ g-z.,{}\[\]é😀"]{0,12}"#
}

proptest! {
    #[test]
    fn no_encoding_survives(secret in a_secret(), before in surroundings(), after in surroundings()) {
        let scrubber = scrubber(&[("KEY", &secret)]);
        for encoded in encodings(&secret) {
            let text = format!("{before}{encoded}{after}");
            let clean = scrubber.scrub(&text);
            prop_assert!(clean.contains("{{KEY}}"), "{text:?} → {clean:?}");
            let survives = clean.replace("{{KEY}}", "").contains(&encoded);
            prop_assert!(!survives, "{text:?} → {clean:?}");
        }
    }

    #[test]
    fn no_base64_survives(secret in a_secret(), before in r"\PC{0,7}", after in r"\PC{0,7}") {
        let scrubber = scrubber(&[("KEY", &secret)]);
        let plain = format!("{before}{secret}{after}");
        for text in [STANDARD.encode(&plain), URL_SAFE.encode(&plain)] {
            let percent = utf8_percent_encode(&text, &STRICT).to_string();
            for text in [text, percent] {
                let clean = scrubber.scrub(&text);
                prop_assert!(clean.contains("{{KEY}}"), "{text:?} → {clean:?}");
            }
        }
    }

    #[test]
    fn several_secrets_never_survive(
        secrets in proptest::collection::vec(a_secret(), 1..5),
        order in proptest::collection::vec(0usize..5, 0..8),
    ) {
        let named = secrets.iter().enumerate().map(|(n, s)| (format!("K{n}"), Secret::new(s.as_str())));
        let scrubber = Scrubber::new(named);
        let text: String = order.iter().map(|n| secrets[n % secrets.len()].as_str()).collect();
        let clean = scrubber.scrub(&text);
        prop_assert!(!secrets.iter().any(|secret| clean.contains(secret)), "{text:?} → {clean:?}");
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200), secret in a_secret()) {
        let scrubber = scrubber(&[("KEY", &secret)]);
        let _ = scrubber.scrub_bytes(&bytes); // Only that it returns.
        let text = String::from_utf8_lossy(&bytes);
        let _ = scrubber.scrub(&text);
    }
}

#[test]
fn a_secret_that_comes_later_is_found_with_the_others() {
    let scrubber = Scrubber::new([("NAME".to_owned(), Secret::new("client-1"))]);
    assert_eq!(scrubber.scrub("client-1 token-of-client-1"), "{{NAME}} token-of-{{NAME}}");
    scrubber.add("TOKEN", &Secret::new("token-of-client-1"));
    scrubber.add("TOKEN", &Secret::new("token-of-client-1"));
    // The longer one gives the mask, whichever came first.
    assert_eq!(scrubber.scrub("client-1 token-of-client-1"), "{{NAME}} {{TOKEN}}");
    for number in 0..limits::LATER_SECRETS_MAX {
        scrubber.add("TOKEN", &Secret::new(format!("token-number-{number:03}")));
    }
    assert_eq!(scrubber.scrub("token-number-000"), "{{TOKEN}}");
    assert_eq!(scrubber.scrub("token-of-client-1"), "token-of-{{NAME}}");
}

#[test]
fn tokens_push_out_tokens_of_their_kind_only() {
    let scrubber = Scrubber::new([]);
    scrubber.keep("KEY", &Secret::new("the-key-of-a-file"));
    scrubber.add("REFRESH_TOKEN", &Secret::new("refreshes-all-year"));
    for number in 0..=limits::LATER_SECRETS_MAX {
        scrubber.add("TOKEN", &Secret::new(format!("token-number-{number:03}")));
    }
    let text = "the-key-of-a-file refreshes-all-year token-number-000 token-number-001";
    assert_eq!(scrubber.scrub(text), "{{KEY}} {{REFRESH_TOKEN}} token-number-000 {{TOKEN}}");
}
