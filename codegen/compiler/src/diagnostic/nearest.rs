//! What a misspelt name was meant to be.

/// The candidate that is spelt most like `name`, if one is close enough to have been meant.
///
/// Case does not count; of equally close candidates the first in the alphabet wins.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let wanted: Vec<char> = name
        .chars()
        .take(MAX_NAME)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    // Of a very short name every other letter would make another name.
    let limit = match wanted.len() {
        0..=2 => 0,
        length => (length / 3).max(1),
    };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let given: Vec<char> = candidate
                .chars()
                .take(MAX_NAME)
                .map(|c| c.to_ascii_lowercase())
                .collect();
            if given.len().abs_diff(wanted.len()) > limit {
                return None;
            }
            let distance = distance(&wanted, &given);
            (distance <= limit).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Characters of a name that are compared: keeps the quadratic distance cheap.
const MAX_NAME: usize = 64;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_letter_wrong_missing_or_swapped_is_found() {
        let types = ["Text", "Data", "UInt32", "UInt16", "Float64"];
        assert_eq!(nearest("Txet", types), Some("Text"));
        assert_eq!(nearest("Dta", types), Some("Data"));
        assert_eq!(nearest("text", types), Some("Text"));
        assert_eq!(nearest("Uint32", types), Some("UInt32"));
        assert_eq!(nearest("FLoat46", types), Some("Float64"));
    }

    #[test]
    fn an_unrelated_name_suggests_nothing() {
        assert_eq!(nearest("Person", ["Text", "Data"]), None);
        assert_eq!(nearest("", ["Text", "x"]), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!(nearest("x", ["y"]), None);
    }

    #[test]
    fn equally_close_names_are_taken_in_alphabetical_order() {
        assert_eq!(nearest("Foo", ["Fox", "Fob", "Fop"]), Some("Fob"));
    }

    #[test]
    fn a_huge_name_is_cheap() {
        let huge = "x".repeat(1 << 20);
        assert_eq!(nearest(&huge, ["x"]), None);
    }
}
