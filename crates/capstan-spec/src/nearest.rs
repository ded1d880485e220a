//! "Did you mean": the known name that is nearest to a mistyped one.

/// Names that are compared; a suggestion is not worth more time.
const CANDIDATES_MAX: usize = 1_000;

/// The candidate nearest to `word`, where one is near enough to be meant.
///
/// Letters' case, `-`, `_` and `.` count for nothing; beyond that a third of the letters may differ.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let folded = fold(word);
    let most = (folded.len() / 3).max(1);
    let candidates: Vec<&str> = candidates.into_iter().take(CANDIDATES_MAX).collect();
    let near = candidates
        .iter()
        .copied()
        .filter(|c| c.len() <= word.len() * 2 + 4)
        .filter_map(|c| Some((distance(&folded, &fold(c), most)?, c)))
        .min_by_key(|(d, c)| (*d, *c))
        .map(|(_, c)| c);
    // A name cut short is meant as often as one mistyped.
    near.or_else(|| {
        candidates.into_iter().filter(|c| folded.len() >= 3 && fold(c).starts_with(&folded)).min_by_key(|c| c.len())
    })
}

fn fold(word: &str) -> Vec<char> {
    word.chars().take(128).filter(|c| !matches!(c, '-' | '_' | '.')).flat_map(char::to_lowercase).collect()
}

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours.
/// `None` as soon as it is clear that there are more than `most`.
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row: Vec<usize> = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row[j] = best;
        }
        // A swap reaches back two rows, so both must be out of reach.
        if row.iter().chain(&last).all(|d| *d > most) {
            return None;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    Some(last[b.len()]).filter(|d| *d <= most)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_name_that_was_meant() {
        let names = ["inputParameters", "outputParameters", "path", "method"];
        assert_eq!(nearest("inputParameter", names), Some("inputParameters"));
        assert_eq!(nearest("input_parameters", names), Some("inputParameters"));
        assert_eq!(nearest("mehtod", names), Some("method"));
        assert_eq!(nearest("output", names), Some("outputParameters"));
        assert_eq!(nearest("banana", names), None);
    }
}
