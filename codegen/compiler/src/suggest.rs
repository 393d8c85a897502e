//! Which name was meant.

/// Longest name that is compared: the work grows with the product of the lengths.
const MAX_LENGTH: usize = 40;

/// Most names that are compared, for schemas where thousands of mistakes meet thousands of names.
const MAX_KNOWN: usize = 1000;

/// The known name that differs least from `wanted`, if it differs by little.
pub(crate) fn nearest<'a>(
    wanted: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (wanted.len() / 3).clamp(1, 3);
    known
        .into_iter()
        .take(MAX_KNOWN)
        .filter(|name| {
            name.len().abs_diff(wanted.len()) <= limit && name.len().max(wanted.len()) <= MAX_LENGTH
        })
        .map(|name| (distance(wanted.as_bytes(), name.as_bytes()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many bytes to insert, remove, replace or swap with their neighbour to get from one to the other, without regard to case.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (last[j] + usize::from(!a.eq_ignore_ascii_case(b)))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_far_names_are_not() {
        let known = ["Text", "Data", "Int32", "UInt32"];
        assert_eq!(nearest("Tetx", known), Some("Text"));
        assert_eq!(nearest("int32", known), Some("Int32"));
        assert_eq!(nearest("Uint32", known), Some("UInt32"));
        assert_eq!(nearest("Elephant", known), None);
        assert_eq!(nearest("", known), None);
    }
}
