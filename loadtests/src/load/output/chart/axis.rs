//! Axes: where a value is drawn, and which values are told.

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances for equal differences, from 0 on.
    Linear,
    /// Equal distances for equal ratios; what is not above 0 is left out.
    Log,
    /// For quantiles below 1: each nine takes as much room as the one before.
    Nines,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// What it is, with its unit.
    pub title: String,
    /// How values are spread.
    pub scale: Scale,
}

impl Axis {
    /// From 0 on.
    pub fn linear(title: &str) -> Self {
        Self { title: title.to_owned(), scale: Scale::Linear }
    }

    /// By powers of ten.
    pub fn log(title: &str) -> Self {
        Self { title: title.to_owned(), scale: Scale::Log }
    }

    /// Where a value belongs, if it has a place.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let at = match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
            Scale::Nines => -(1.0 - value).log10(),
        };
        at.is_finite().then_some(at)
    }

    /// From where to where, for these values: whole powers of ten, or from 0 to a little above the highest.
    pub(super) fn range(&self, values: impl Iterator<Item = f64>) -> (f64, f64) {
        let places = values.filter_map(|value| self.place(value));
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), at| (l.min(at), h.max(at)));
        if low > high {
            return (0.0, 1.0);
        }
        match self.scale {
            Scale::Linear => (low.min(0.0), if high > 0.0 { high * 1.08 } else { 1.0 }),
            Scale::Log | Scale::Nines => {
                let (low, high) = (low.floor(), high.ceil());
                (low, if high > low { high } else { low + 1.0 })
            }
        }
    }

    /// The places that have a mark and a number.
    pub(super) fn marks(&self, (low, high): (f64, f64)) -> Vec<f64> {
        let step = match self.scale {
            Scale::Linear => round_step((high - low) / 6.0),
            Scale::Log | Scale::Nines => 1.0,
        };
        let mut marks = Vec::new();
        let mut at = (low / step).ceil();
        while at * step <= high + step * 1e-9 {
            marks.push(at * step);
            // Few decades leave room for 2 and 5.
            if self.scale == Scale::Log && high - low <= 2.0 && at * step < high {
                marks.extend([2.0_f64, 5.0].map(|part| at * step + part.log10()));
            }
            at += 1.0;
        }
        marks
    }

    /// The number at a place.
    pub(super) fn number(&self, at: f64) -> String {
        match self.scale {
            Scale::Linear => short(at),
            Scale::Log => short(10_f64.powf(at)),
            Scale::Nines => {
                let percent = 100.0 - 100.0 * 10_f64.powf(-at);
                let text = format!("{percent:.4}");
                format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0].map(|part| part * power).into_iter().find(|step| *step >= rough).unwrap_or(10.0 * power)
}

/// At most three digits, with `k` and `M`.
fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        v if v >= 999_500.0 => (value / 1e6, "M"),
        v if v >= 1000.0 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        v if v >= 99.5 || v == 0.0 => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let values = [0.0, 0.05, 0.5, 2.0, 2.25, 10.0, 250.0, 999.0, 1000.0, 2500.0, 20_000.0, 1_000_000.0];
        let told = values.map(short);
        assert_eq!(told, ["0", "0.05", "0.5", "2", "2.2", "10", "250", "999", "1k", "2.5k", "20k", "1M"]);
    }

    #[test]
    fn a_linear_axis_begins_at_nothing_and_has_round_marks() {
        let axis = Axis::linear("per second");
        let range = axis.range([400.0, 2000.0].into_iter());
        assert_eq!(range, (0.0, 2160.0));
        assert_eq!(axis.marks(range), [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
    }

    #[test]
    fn a_logarithmic_axis_has_whole_decades_and_leaves_out_what_has_no_logarithm() {
        let axis = Axis::log("ms");
        let range = axis.range([0.3, 0.0, 40.0].into_iter());
        assert_eq!(range, (-1.0, 2.0));
        let marks: Vec<String> = axis.marks(range).into_iter().map(|at| axis.number(at)).collect();
        assert_eq!(marks, ["0.1", "1", "10", "100"]);
        assert_eq!(axis.place(0.0), None);
    }

    #[test]
    fn quantiles_are_told_in_percent_and_the_last_one_has_no_place() {
        let axis = Axis { title: String::new(), scale: Scale::Nines };
        let marks: Vec<String> = axis.marks((0.0, 4.0)).into_iter().map(|at| axis.number(at)).collect();
        assert_eq!(marks, ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        assert_eq!(axis.place(1.0), None);
    }

    #[test]
    fn an_axis_without_values_or_with_one_still_has_a_range() {
        assert_eq!(Axis::log("ms").range(std::iter::empty()), (0.0, 1.0));
        assert_eq!(Axis::log("ms").range([10.0].into_iter()), (1.0, 2.0));
        assert_eq!(Axis::linear("ms").range([0.0].into_iter()), (0.0, 1.0));
    }
}
