//! A chart as SVG.

use anyhow::{Result, anyhow};
use plotters::chart::SeriesLabelPosition;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    ChartBuilder, Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend,
    WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoTextStyle, TextStyle};

use super::{Chart, Scale};

/// Pixels.
pub(super) const SIZE: (u32, u32) = (900, 520);
/// Curves with more points than this have no dots.
const DOTS: usize = 16;
/// Told apart also by those who see no red or no green.
pub(super) const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
    RGBColor(120, 60, 20),
];
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);

impl Chart {
    /// Draws it.
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
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let x = self.x.range(points().map(|(x, _)| *x));
        let y = self.y.range(points().map(|(_, y)| *y));
        let mut chart = ChartBuilder::on(&area)
            .margin_top(68)
            .margin_right(30)
            .margin_bottom(8)
            .margin_left(8)
            .x_label_area_size(52)
            .y_label_area_size(72)
            .build_cartesian_2d(
                Marked { range: (x.0..x.1).into(), marks: self.x.marks(x) },
                Marked { range: (y.0..y.1).into(), marks: self.y.marks(y) },
            )?;
        chart
            .configure_mesh()
            .x_desc(&self.x.title)
            .y_desc(&self.y.title)
            .x_label_formatter(&|at| self.x.number(*at))
            .y_label_formatter(&|at| self.y.number(*at))
            .axis_desc_style(font(15))
            .label_style(font(13))
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        for (curve, colour) in self.curves.iter().zip(COLOURS.iter().cycle()) {
            let places: Vec<(f64, f64)> =
                curve.points.iter().filter_map(|(x, y)| Some((self.x.place(*x)?, self.y.place(*y)?))).collect();
            chart
                .draw_series(LineSeries::new(places.iter().copied(), colour.stroke_width(2)))?
                .label(&curve.label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
            if places.len() <= DOTS {
                chart.draw_series(places.iter().map(|place| Circle::new(*place, 4, colour.filled())))?;
            }
        }
        // Latencies rise with their quantile and leave the lower right corner free.
        let corner = match self.x.scale {
            Scale::Nines => SeriesLabelPosition::LowerRight,
            Scale::Linear | Scale::Log => SeriesLabelPosition::UpperLeft,
        };
        chart
            .configure_series_labels()
            .position(corner)
            .margin(14)
            .label_font(font(14))
            .background_style(WHITE.mix(0.9))
            .border_style(GRID)
            .draw()?;
        area.present()?;
        Ok(())
    }
}

/// A white sheet with a title and a line below it.
pub(super) fn headed<'a>(
    text: &'a mut String,
    title: &str,
    remark: &str,
) -> Result<DrawingArea<SVGBackend<'a>, Shift>, Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let centred = |size: u32| font(size).pos(Pos::new(HPos::Center, VPos::Top));
    let middle = i32::try_from(SIZE.0 / 2)?;
    area.draw_text(title, &centred(22), (middle, 12))?;
    area.draw_text(remark, &centred(13), (middle, 42))?;
    Ok(area)
}

/// A range that is marked where we want it.
pub(super) struct Marked {
    pub(super) range: RangedCoordf64,
    pub(super) marks: Vec<f64>,
}

impl Ranged for Marked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.range.range()
    }
}

pub(super) fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK).into_text_style(&SIZE)
}
