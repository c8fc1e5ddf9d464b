//! Bars side by side, as SVG: one figure of each of several.

use anyhow::{Result, anyhow};
use plotters::prelude::{ChartBuilder, Color, PathElement, Rectangle, Text, WHITE};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Axis;
use super::draw::{COLOURS, GRID, INK, Marked, font, headed};

/// A picture of bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Above everything.
    pub title: String,
    /// A line below the title.
    pub remark: String,
    /// Bottom to top.
    pub y: Axis,
    /// Left to right.
    pub bars: Vec<Bar>,
}

/// A bar, and from where to where its figure went.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Below it.
    pub label: String,
    /// How high it is.
    pub value: f64,
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Bars {
    /// Draws them.
    ///
    /// # Errors
    /// The library could not draw it; it never did so yet.
    pub fn svg(&self) -> Result<String> {
        let mut text = String::new();
        self.draw(&mut text).map_err(|error| anyhow!("drawing {}: {error}", self.title))?;
        Ok(text)
    }

    fn draw(&self, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let area = headed(text, &self.title, &self.remark)?;
        // On a logarithmic axis 0 is the place of 1: without a common foot, bars would say nothing by their length.
        let (low, high) = self.y.range(self.bars.iter().flat_map(|bar| [bar.low, bar.value, bar.high]));
        let y = (low.min(0.0), high);
        let width = f64::from(u32::try_from(self.bars.len())?.max(1));
        let places: Vec<f64> = (0..self.bars.len()).map(|at| u32::try_from(at).map_or(0.0, f64::from) + 0.5).collect();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(68)
            .margin_right(30)
            .margin_bottom(8)
            .margin_left(8)
            .x_label_area_size(52)
            .y_label_area_size(72)
            .build_cartesian_2d(
                Marked { range: (0.0..width).into(), marks: places.clone() },
                Marked { range: (y.0..y.1).into(), marks: self.y.marks(y) },
            )?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_desc(&self.y.title)
            .x_label_formatter(&|at| self.label(*at))
            .y_label_formatter(&|at| self.y.number(*at))
            .axis_desc_style(font(15))
            .label_style(font(13))
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        for ((bar, at), colour) in self.bars.iter().zip(places).zip(COLOURS.iter().cycle()) {
            let Some(top) = self.y.place(bar.value) else { continue };
            let (low, high) = (self.y.place(bar.low).unwrap_or(top), self.y.place(bar.high).unwrap_or(top));
            chart.draw_series([Rectangle::new([(at - 0.3, y.0), (at + 0.3, top)], colour.mix(0.8).filled())])?;
            chart.draw_series([PathElement::new([(at, low), (at, high)], INK.stroke_width(2))])?;
            let above = font(13).pos(Pos::new(HPos::Center, VPos::Bottom));
            chart.draw_series([Text::new(self.y.number(top), (at, high.max(top)), above)])?;
        }
        area.present()?;
        Ok(())
    }

    fn label(&self, at: f64) -> String {
        let bar = self.bars.iter().enumerate().find(|(n, _)| u32::try_from(*n).is_ok_and(|n| f64::from(n) + 1.0 > at));
        bar.map_or_else(String::new, |(_, bar)| bar.label.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_has_its_label_and_its_number() {
        let bar = |label: &str, value: f64| Bar { label: label.to_owned(), value, low: value * 0.9, high: value * 1.1 };
        let bars = vec![bar("bare <route>", 100_000.0), bar("embedded", 20_000.0), bar("none", 0.0)];
        let chart =
            Bars { title: "Rate".to_owned(), remark: "x".to_owned(), y: Axis::log("verifications a second"), bars };
        let svg = chart.svg().expect("drawn");
        for part in ["bare &lt;route&gt;", "embedded", "100k", "20k", "verifications a second"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        Bars { bars: Vec::new(), ..chart }.svg().expect("nothing is drawn, too");
    }
}
