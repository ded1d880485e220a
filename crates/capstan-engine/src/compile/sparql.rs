//! The two kinds of SPARQL texts: queries, and updates, which travel under another media type
//! (SPARQL 1.1 Protocol, sections 2.1.3 and 2.2.2).

/// What an update begins with, behind its prologue (SPARQL 1.1 Update, section 3).
const UPDATES: [&str; 10] = ["INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"];

/// The media type of a SPARQL text.
pub(super) fn media_type(text: &str) -> &'static str {
    if is_update(text) { "application/sparql-update" } else { "application/sparql-query" }
}

fn is_update(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix('#') {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = rest[..end].to_ascii_uppercase();
        if !matches!(&*word, "BASE" | "PREFIX") {
            return UPDATES.contains(&&*word);
        }
        // Both end with an IRI, in which no `>` stands.
        rest = rest.split_once('>').map_or("", |(_, rest)| rest).trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_told_from_queries() {
        for text in
            ["SELECT * {}", "# INSERT\nASK {}", "PREFIX a: <http://a/#insert>\nDESCRIBE a:b", "", "{{query}}", "PREFIX"]
        {
            assert!(!is_update(text), "{text}");
        }
        for text in [
            "insert data {}",
            "PREFIX a: <http://a/#>\n# x\nBASE <http://b/> DELETE WHERE {}",
            " WITH <g> DELETE {} WHERE {}",
        ] {
            assert!(is_update(text), "{text}");
        }
    }
}
