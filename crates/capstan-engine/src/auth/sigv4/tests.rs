//! Requests and signatures of Amazon's published test suite, and of its manual for S3.

use url::Url;

use super::*;

/// 2015-08-30T12:36:00Z, the moment of the suite.
const MOMENT: u64 = 1_440_938_160;

const CREDENTIALS: Credentials<'_> = Credentials {
    access_key: "AKIDEXAMPLE",
    secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token: None,
    region: "us-east-1",
    service: "service",
};

struct Vector {
    name: &'static str,
    method: &'static str,
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: &'static str,
    signature: &'static str,
}

const GET: Vector =
    Vector { name: "", method: "GET", target: "/", headers: &[], body: "", signed: "host;x-amz-date", signature: "" };

const SUITE: &[Vector] = &[
    Vector {
        name: "get-vanilla",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ..GET
    },
    Vector {
        name: "get-unreserved",
        target: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        ..GET
    },
    Vector {
        name: "get-slashes",
        target: "//example//",
        signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ..GET
    },
    Vector {
        name: "get-vanilla-query-order-key-case",
        target: "/?Param2=value2&Param1=value1",
        signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ..GET
    },
    Vector {
        name: "get-vanilla-query-order-value",
        target: "/?Param1=value2&Param1=value1",
        signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
        ..GET
    },
    Vector {
        name: "get-vanilla-utf8-query",
        target: "/?\u{1234}=bar",
        signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
        ..GET
    },
    Vector {
        name: "get-header-value-order",
        headers: &[
            ("my-header1", "value4"),
            ("my-header1", "value1"),
            ("my-header1", "value3"),
            ("my-header1", "value2"),
        ],
        signed: "host;my-header1;x-amz-date",
        signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
        ..GET
    },
    Vector {
        name: "get-header-key-duplicate",
        headers: &[("my-header1", "value2"), ("my-header1", "value2"), ("my-header1", "value1")],
        signed: "host;my-header1;x-amz-date",
        signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ..GET
    },
    Vector {
        name: "get-header-value-trim",
        headers: &[("my-header1", " value1"), ("my-header2", "\"a   b   c\"")],
        signed: "host;my-header1;my-header2;x-amz-date",
        signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ..GET
    },
    Vector {
        name: "post-x-www-form-urlencoded",
        method: "POST",
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: "Param1=value1",
        signed: "content-type;host;x-amz-date",
        signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ..GET
    },
];

fn sign(vector: &Vector, credentials: &Credentials<'_>, host: &str) -> Vec<(&'static str, String)> {
    let url = Url::parse(&format!("https://{host}{}", vector.target)).expect("it is a URL");
    let body_hash = sha256(vector.body.as_bytes());
    let headers = vector.headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let message = Message { method: vector.method, target: Target::of(&url), headers, body_hash: &body_hash };
    headers_at(&message, credentials, MOMENT)
}

fn headers_at(message: &Message<'_>, credentials: &Credentials<'_>, moment: u64) -> Vec<(&'static str, String)> {
    super::headers(message, credentials, moment)
}

fn last(headers: &[(&'static str, String)]) -> String {
    headers.last().map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn the_published_suite() {
    for vector in SUITE {
        let headers = sign(vector, &CREDENTIALS, "example.amazonaws.com");
        let Vector { name, signed, signature, .. } = vector;
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        );
        assert_eq!(last(&headers), expected, "{name}");
        assert_eq!(headers[0], ("x-amz-date", "20150830T123600Z".to_owned()));
    }
}

#[test]
fn the_token_of_a_session_is_signed() {
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let headers = sign(&GET, &Credentials { session_token: Some(token), ..CREDENTIALS }, "example.amazonaws.com");
    let expected = "SignedHeaders=host;x-amz-date;x-amz-security-token, \
                    Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    assert!(last(&headers).ends_with(expected), "{headers:?}");
}

#[test]
fn s3_signs_the_path_as_it_travels_and_names_the_hash() {
    // The examples of Amazon's manual, "Signature Calculations: Transferring Payload in a Single Chunk".
    let credentials = Credentials {
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        service: "s3",
        ..CREDENTIALS
    };
    let moment = 1_369_353_600; // 2013-05-24T00:00:00Z
    let hash = sha256(b"");
    let signature = |target: &str, headers: &[(&str, &str)]| {
        let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com{target}")).expect("it is a URL");
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let message = Message { method: "GET", target: Target::of(&url), headers, body_hash: &hash };
        last(&headers_at(&message, &credentials, moment))
    };
    let object = signature("/test.txt", &[("range", "bytes=0-9")]);
    assert!(object.ends_with("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"), "{object}");
    let lifecycle = signature("/?lifecycle", &[]);
    assert!(lifecycle.ends_with("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"), "{lifecycle}");
    let listing = signature("/?max-keys=2&prefix=J", &[]);
    assert!(listing.ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"), "{listing}");
    assert_eq!(path("/a%20b//../c%2Fd", true), "/a%20b//../c/d");
    assert_eq!(path("/a%20b//../c%2Fd", false), "/c%252Fd");
}
