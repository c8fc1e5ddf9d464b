//! Versions of the server.

/// The oldest version everything was seen to work with.
pub(super) const LEAST: [u64; 3] = [2, 15, 1];

/// Whether a server of this version will do. One whose version cannot be read will not; a preview counts as what came
/// before it.
pub(super) fn is_new_enough(version: &str) -> bool {
    let (numbers, preview) = version.split_once('-').map_or((version, false), |(numbers, _)| (numbers, true));
    let parts: Option<Vec<u64>> = numbers.split('.').map(|part| part.parse().ok()).collect();
    let Some(Ok(parts)) = parts.map(<[u64; 3]>::try_from) else { return false };
    parts > LEAST || (parts == LEAST && !preview)
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_compare_by_number() {
        for good in ["2.15.1", "2.15.10", "2.16.0", "3.0.0", "2.15.2-RC.1"] {
            assert!(is_new_enough(good), "{good}");
        }
        for bad in ["2.15.0", "2.15.1-RC.2", "2.9.25", "2.14.99", "1.99.99", "", "2.15", "2.15.1.1", "v2.15.1", "a.b.c"]
        {
            assert!(!is_new_enough(bad), "{bad}");
        }
    }
}
