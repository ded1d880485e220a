//! URLs of requests, taken apart. Call after call goes to one origin, and most of the work of taking
//! a URL apart is in its host: it is done once.

use std::sync::{Mutex, PoisonError};

use url::{ParseError, Url};

/// Takes URLs apart, and remembers the origin of the last one.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    last: Mutex<Option<Url>>,
}

impl Addresses {
    /// The URL of a text.
    ///
    /// # Errors
    /// Those of [`Url::parse`].
    pub(super) fn parse(&self, text: &str) -> Result<Url, ParseError> {
        if let Some(url) = self.beside_last(text) {
            return Ok(url);
        }
        let url = Url::parse(text)?;
        let mut home = url.clone();
        home.set_path("/");
        home.set_query(None);
        home.set_fragment(None);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(home);
        Ok(url)
    }

    /// The URL of a text that begins as the last one did, letter by letter.
    fn beside_last(&self, text: &str) -> Option<Url> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let home = last.as_ref()?;
        let rest = text.strip_prefix(home.as_str().strip_suffix('/')?).filter(|rest| rest.starts_with('/'))?;
        // What the parser leaves out, at the ends or anywhere, is left to it, like the rare fragment.
        if rest.bytes().any(|byte| byte <= b' ' || byte == b'#') {
            return None;
        }
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut url = home.clone();
        url.set_path(path);
        url.set_query(query);
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_remembered_changes_no_url(
            homes in proptest::collection::vec("(https?|HTTP)://([a-zA-Z0-9.-]{1,9}|127\\.0\\.0\\.1|\\[::1\\]|ü@b.example)(:[0-9]{0,4})?", 1..3),
            rests in proptest::collection::vec("[/?#]([ -~é\\\\./?#%]{0,12})", 1..9),
        ) {
            let addresses = Addresses::default();
            for rest in &rests {
                for home in &homes {
                    let text = format!("{home}{rest}");
                    prop_assert_eq!(addresses.parse(&text), Url::parse(&text), "{}", text);
                }
            }
        }
    }

    #[test]
    fn the_last_origin_is_remembered() {
        let addresses = Addresses::default();
        assert!(addresses.beside_last("http://a.example/x").is_none());
        addresses.parse("http://a.example/x?y").expect("it is a URL");
        assert_eq!(addresses.beside_last("http://a.example/z?q=1"), Url::parse("http://a.example/z?q=1").ok());
        assert!(addresses.beside_last("http://b.example/x").is_none());
    }
}
