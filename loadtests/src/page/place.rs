//! Where a page and its pictures are.

use std::path::{Path, PathBuf};

use crate::load::{Chart, put};

/// A page and its pictures: where they are, and how the page leads to them.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    out: PathBuf,
    pictures: PathBuf,
    /// What the names of the pictures begin with: pages of one folder must not take each other's.
    prefix: String,
}

impl Place {
    /// Pictures lie beside the page unless told otherwise, and are called like it.
    pub(crate) fn new(out: &Path, pictures: Option<&Path>) -> Self {
        let beside = || out.parent().unwrap_or(Path::new("")).to_owned();
        let prefix = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { out: out.to_owned(), pictures: pictures.map_or_else(beside, Path::to_owned), prefix }
    }

    /// Where a command's page goes unless told otherwise: among the results, by the shape that was measured.
    pub(crate) fn of(name: &str, production: bool, out: Option<&Path>, pictures: Option<&Path>) -> Self {
        let shape = if production { "-production" } else { "" };
        let usual = || Path::new("loadtests/results").join(format!("{name}{shape}.md"));
        Self::new(&out.map_or_else(usual, Path::to_owned), pictures)
    }

    /// With pictures of another name.
    pub(crate) fn called(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    fn picture(&self, name: &str) -> PathBuf {
        self.pictures.join(format!("{}-{name}.svg", self.prefix))
    }

    /// Draws pictures; answers the lines of the page that show them.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn draw(&self, charts: &[(&str, Chart)]) -> anyhow::Result<String> {
        let mut text = String::new();
        for (name, chart) in charts {
            text.push_str(&self.put(name, &chart.title, &chart.svg()?)?);
        }
        Ok(text)
    }

    /// Writes a picture; answers the line that shows it.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn put(&self, name: &str, title: &str, svg: &str) -> anyhow::Result<String> {
        put(&self.picture(name), svg)?;
        Ok(self.shown(name, title))
    }

    /// The line that shows a picture.
    fn shown(&self, name: &str, title: &str) -> String {
        let picture = self.picture(name);
        let folder = self.out.parent().unwrap_or(Path::new(""));
        let link = picture.strip_prefix(folder).unwrap_or(&picture);
        format!("![{title}]({})\n", link.display())
    }

    /// Writes the page.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, text: &str) -> anyhow::Result<()> {
        put(&self.out, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_begin_like_their_page_and_are_found_from_it() {
        let beside = Place::new(Path::new("a/results/soak.md"), None);
        assert_eq!(beside.shown("memory", "Memory"), "![Memory](soak-memory.svg)\n");
        let below = Place::new(Path::new("a/RESULTS.md"), Some(Path::new("a/results"))).called("bench");
        assert_eq!(below.shown("rate", "Rate"), "![Rate](results/bench-rate.svg)\n");
    }
}
