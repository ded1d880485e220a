//! Where a binding's `location` leads.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::BindingError;

const SUPPORTED: &str = "use a file beside the capability, like `file:///./secrets.yaml`, \
                         or leave `location` out to read the process environment";

/// The path of a binding's file.
///
/// `file:///./x`, `file://./x`, `file:x` and a bare path are relative to `folder`, the
/// capability's; `file:///x` and `file://localhost/x` are absolute. Percent escapes are
/// decoded. Fails with `UnsupportedLocation` for every other scheme and for another machine.
pub fn locate(location: &str, folder: &Path) -> Result<PathBuf, BindingError> {
    let Some((scheme, rest)) = split_scheme(location) else {
        return Ok(folder.join(strip_dot(location)));
    };
    if !scheme.eq_ignore_ascii_case("file") {
        let message = format!("a binding cannot be read from `{scheme}:` locations");
        return Err(BindingError::location(message, SUPPORTED));
    }
    let path = percent_decode_str(file_path(rest, location)?).decode_utf8().map_err(|_| {
        let message = format!("the path of `{location}` is not UTF-8");
        BindingError::location(message, SUPPORTED)
    })?;
    // Joining an absolute path gives that path.
    Ok(folder.join(strip_dot(&path)))
}

/// A scheme has two letters at least, or `C:\x` would be one.
fn split_scheme(location: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = location.split_once(':')?;
    let letters = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let scheme_like = scheme.len() > 1 && scheme.as_bytes()[0].is_ascii_alphabetic() && letters;
    scheme_like.then_some((scheme, rest))
}

fn file_path<'a>(rest: &'a str, location: &str) -> Result<&'a str, BindingError> {
    let Some(after) = rest.strip_prefix("//") else {
        return Ok(rest);
    };
    let (host, path) = after.find('/').map_or((after, ""), |slash| after.split_at(slash));
    match host {
        "." | ".." => Ok(after),
        "" | "localhost" if path.starts_with("/./") || path.starts_with("/../") => Ok(&path[1..]),
        "" | "localhost" if !path.is_empty() => Ok(path),
        _ => {
            let message = format!("`{location}` names the machine `{host}`, not a path");
            Err(BindingError::location(message, SUPPORTED))
        }
    }
}

fn strip_dot(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use capstan_spec::diagnostic::Code;

    #[test]
    fn files_are_found_beside_the_capability_or_anywhere() {
        for (location, path) in [
            ("file:///./secrets.yaml", "caps/secrets.yaml"),
            ("file://./secrets.yaml", "caps/secrets.yaml"),
            ("file:secrets.yaml", "caps/secrets.yaml"),
            ("file:./a/secrets.yaml", "caps/a/secrets.yaml"),
            ("file:///../secrets.yaml", "caps/../secrets.yaml"),
            ("file://../secrets.yaml", "caps/../secrets.yaml"),
            ("./shared/my.env", "caps/shared/my.env"),
            (".env", "caps/.env"),
            ("FILE:///etc/capstan/my%20secrets.yaml", "/etc/capstan/my secrets.yaml"),
            ("file://localhost/etc/x", "/etc/x"),
            ("file:/etc/x", "/etc/x"),
            ("/etc/x", "/etc/x"),
        ] {
            assert_eq!(locate(location, Path::new("caps")), Ok(PathBuf::from(path)), "{location}");
        }
    }

    #[test]
    fn other_schemes_are_named() {
        for (location, message) in [
            ("vault://secret/x", "a binding cannot be read from `vault:` locations"),
            ("https://example.com/x", "a binding cannot be read from `https:` locations"),
            ("k8s-secret://ns/x", "a binding cannot be read from `k8s-secret:` locations"),
            ("file://shared/x.yaml", "`file://shared/x.yaml` names the machine `shared`, not a path"),
            ("file://", "`file://` names the machine ``, not a path"),
        ] {
            let error = locate(location, Path::new(".")).expect_err("it is not supported");
            assert_eq!((error.code, error.message.as_str()), (Code::UnsupportedLocation, message));
            assert!(error.help.is_some_and(|help| help.contains("file:///./secrets.yaml")));
        }
    }
}
