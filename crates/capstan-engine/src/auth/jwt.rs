//! Signed assertions: JSON Web Tokens (RFC 7519) in the compact form of RFC 7515.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use serde_json::{Map, Value};

use super::key::PrivateKey;

/// The algorithms of RFC 7518, section 3.1, and RFC 8037, in the order in which they are tried.
const ALGORITHMS: &[(&str, SignatureScheme)] = &[
    ("RS256", SignatureScheme::RSA_PKCS1_SHA256),
    ("ES256", SignatureScheme::ECDSA_NISTP256_SHA256),
    ("ES384", SignatureScheme::ECDSA_NISTP384_SHA384),
    ("EdDSA", SignatureScheme::ED25519),
    ("RS384", SignatureScheme::RSA_PKCS1_SHA384),
    ("RS512", SignatureScheme::RSA_PKCS1_SHA512),
    ("PS256", SignatureScheme::RSA_PSS_SHA256),
    ("PS384", SignatureScheme::RSA_PSS_SHA384),
    ("PS512", SignatureScheme::RSA_PSS_SHA512),
];

/// Signs claims, by the algorithm that is named or else by the first that the key can.
///
/// # Errors
/// A sentence on the algorithm.
pub(crate) fn sign(
    claims: &Map<String, Value>,
    key: &PrivateKey,
    key_id: Option<&str>,
    algorithm: Option<&str>,
) -> Result<String, String> {
    let (name, scheme) = choose(key, algorithm)?;
    let mut header = Map::new();
    header.insert("alg".to_owned(), name.into());
    header.insert("typ".to_owned(), "JWT".into());
    if let Some(id) = key_id {
        header.insert("kid".to_owned(), id.into());
    }
    let encode = |map: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::from(map.clone()).to_string());
    let input = format!("{}.{}", encode(&header), encode(claims));
    let signature = signature(key, scheme, input.as_bytes());
    let signature = signature.ok_or_else(|| format!("the key does not sign with `{name}`"))?;
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn choose(key: &PrivateKey, algorithm: Option<&str>) -> Result<(&'static str, SignatureScheme), String> {
    let named = |(name, _): &&(&'static str, _)| algorithm.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name));
    let mut fitting = ALGORITHMS.iter().filter(named).peekable();
    if fitting.peek().is_none() {
        let known: Vec<String> = ALGORITHMS.iter().map(|(name, _)| format!("`{name}`")).collect();
        return Err(format!("the algorithm is none of {}", known.join(", ")));
    }
    let found = fitting.find(|(_, scheme)| key.can(*scheme)).copied();
    found.ok_or_else(|| "the key does not sign with this algorithm".to_owned())
}

/// A signature as RFC 7518 writes it: those of elliptic curves are two numbers of fixed length.
fn signature(key: &PrivateKey, scheme: SignatureScheme, input: &[u8]) -> Option<Vec<u8>> {
    let signature = key.sign(scheme, input)?;
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => fixed(&signature, 32),
        SignatureScheme::ECDSA_NISTP384_SHA384 => fixed(&signature, 48),
        _ => Some(signature),
    }
}

/// Both numbers of a DER sequence, each in so many bytes.
fn fixed(der: &[u8], size: usize) -> Option<Vec<u8>> {
    // A sequence of these lengths has a length of one byte: two numbers of at most 49 bytes.
    let rest = der.strip_prefix(&[0x30])?.get(1..)?;
    let (first, rest) = number(rest)?;
    let (second, _) = number(rest)?;
    let mut out = Vec::with_capacity(2 * size);
    for number in [first, second] {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let number = &number[start..];
        out.resize(out.len() + size.checked_sub(number.len())?, 0);
        out.extend_from_slice(number);
    }
    Some(out)
}

fn number(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = der.strip_prefix(&[0x02])?.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::json;

    use super::super::key::tests::RFC_7515_RSA;
    use super::*;

    fn claims() -> Map<String, Value> {
        let Value::Object(claims) = json!({ "iss": "joe" }) else { return Map::new() };
        claims
    }

    #[test]
    fn the_signature_of_the_rfc() {
        // RFC 7515, appendix A.2.1.
        let key = PrivateKey::read(RFC_7515_RSA.as_bytes()).expect("it is a key");
        let input = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = signature(&key, SignatureScheme::RSA_PKCS1_SHA256, input.as_bytes()).expect("it signs");
        let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        assert_eq!(URL_SAFE_NO_PAD.encode(signature), expected);
    }

    #[test]
    fn a_curve_signs_in_fixed_length() {
        // The key of RFC 7515, appendix A.3; its public point.
        let key = PrivateKey::read(include_bytes!("vectors/rfc7515-a3.pem")).expect("it is a key");
        let x = URL_SAFE_NO_PAD.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").expect("it is base64");
        let y = URL_SAFE_NO_PAD.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").expect("it is base64");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [vec![4], x, y].concat());
        for _ in 0..20 {
            let token = sign(&claims(), &key, Some("k1"), None).expect("it signs");
            let (input, signature) = token.rsplit_once('.').expect("it has three parts");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("it is base64");
            assert!(signature.len() == 64 && public.verify(input.as_bytes(), &signature).is_ok());
        }
    }

    #[test]
    fn the_header_names_algorithm_and_key() {
        let key = PrivateKey::read(RFC_7515_RSA.as_bytes()).expect("it is a key");
        let head = |token: String| {
            let head = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
            String::from_utf8(head.unwrap_or_default()).unwrap_or_default()
        };
        let plain = sign(&claims(), &key, None, None).map(head);
        assert_eq!(plain.as_deref(), Ok(r#"{"alg":"RS256","typ":"JWT"}"#));
        let named = sign(&claims(), &key, Some("k1"), Some("ps256")).map(head);
        assert_eq!(named.as_deref(), Ok(r#"{"alg":"PS256","typ":"JWT","kid":"k1"}"#));
        assert!(sign(&claims(), &key, None, Some("ES256")).is_err());
        assert!(sign(&claims(), &key, None, Some("none")).is_err());
    }
}
