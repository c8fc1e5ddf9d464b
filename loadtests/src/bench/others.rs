//! What is measured apart, on pages of its own.

use std::path::Path;

/// The pages: file, title, and what is on it.
const PAGES: [(&str, &str, &str); 4] = [
    ("curves", "cost by number of users and by history", "memory with a million users, time to ready"),
    ("soak", "a long time of mixed load", "errors, memory, lag of the read model"),
    ("hostile", "a guessing storm", "what other users feel of it"),
    ("profile", "where the time goes", "by thread and process, and why an aim is missed that is"),
];

/// A line for each; the production shape has its link where it was measured.
pub(super) fn links(folder: &Path) -> String {
    let line = |(file, title, about): &(&str, &str, &str)| {
        let production = format!("{file}-production.md");
        let link = format!(", [production shape](results/{production})");
        let link = if folder.join(production).is_file() { &link } else { "" };
        format!("- [{title}](results/{file}.md){link}: {about}\n")
    };
    format!("Measured apart:\n\n{}", PAGES.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_its_link_and_the_production_shape_where_it_was_measured() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("soak-production.md"), "").expect("written");
        let text = links(folder.path());
        let pages = ["curves", "soak", "soak-production", "hostile", "profile"];
        for page in pages.map(|page| format!("(results/{page}.md)")) {
            assert!(text.contains(&page), "{page} in {text}");
        }
        assert!(!text.contains("curves-production"), "{text}");
    }
}
