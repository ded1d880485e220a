//! Names of columns, each once: what a header row says twice would hide one of the two.

use std::collections::{HashMap, HashSet};

/// The names, of which a repeated one is numbered: `name`, `name_2`.
pub(super) fn unique<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut next: HashMap<&str, usize> = HashMap::new();
    let unique = |name: &'n str| {
        let mut unique = name.to_owned();
        while !seen.insert(unique.clone()) {
            let count = next.entry(name).or_insert(1);
            *count += 1;
            unique = format!("{name}_{count}");
        }
        unique
    };
    names.into_iter().map(unique).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_are_numbered() {
        assert_eq!(unique(["a", "a", "a_2", "a", ""]), ["a", "a_2", "a_2_2", "a_3", ""]);
    }
}
