//! Pictures: curves on a light ground, with title, units and legend, as SVG.

mod axis;
mod bars;
mod draw;
mod plots;

pub use self::axis::{Axis, Scale};
pub use self::bars::{Bar, Bars};
pub use self::plots::{by_throughput, percentiles};

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Above everything.
    pub title: String,
    /// A line below the title: machine, plan.
    pub remark: String,
    /// Left to right.
    pub x: Axis,
    /// Bottom to top.
    pub y: Axis,
    /// What is drawn.
    pub curves: Vec<Curve>,
}

/// Points, joined by lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// In the legend.
    pub label: String,
    /// In the order in which they are joined.
    pub points: Vec<(f64, f64)>,
}
