//! Whether memory stays as it is.

use super::Sample;

/// The most that the last quarter may hold more than the first, in percent of it.
pub(super) const FLAT_PERCENT: f64 = 10.0;
/// Looks that a figure for one moment is the average of.
const AROUND: usize = 10;

/// How the memory of one process, or of several together, went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Course {
    /// After a quarter, a half, three quarters and all of the time, in MiB.
    pub(super) at: [f64; 4],
    /// The average of the first quarter, in MiB.
    pub(super) first: f64,
    /// The average of the last one.
    pub(super) last: f64,
    /// From the end of the first quarter on, in MiB a minute: the straight line that fits best.
    pub(super) slope: f64,
}

impl Course {
    /// Of what `of` picks from each look. None of fewer than four looks.
    pub(super) fn of(samples: &[Sample], of: impl Fn(&Sample) -> f64) -> Option<Self> {
        let all: Vec<(f64, f64)> = samples.iter().map(|sample| (sample.at_s / 60.0, of(sample))).collect();
        let quarter = all.len() / 4;
        if quarter == 0 {
            return None;
        }
        let until = |end: usize| mean(&all[end.saturating_sub(AROUND.min(quarter))..end]);
        Some(Self {
            at: [until(quarter), until(2 * quarter), until(3 * quarter), until(all.len())],
            first: mean(&all[..quarter]),
            last: mean(&all[all.len() - quarter..]),
            slope: slope(&all[quarter..]),
        })
    }

    /// How much more the last quarter holds than the first, in percent; less than nothing when it holds less.
    pub(super) fn growth_percent(&self) -> f64 {
        if self.first > 0.0 { (self.last / self.first - 1.0) * 100.0 } else { 0.0 }
    }

    /// Whether that is little enough.
    pub(super) fn is_flat(&self) -> bool {
        self.first > 0.0 && self.growth_percent() <= FLAT_PERCENT
    }
}

#[expect(clippy::cast_precision_loss, reason = "looks are far fewer than 2^52")]
fn mean(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|(_, mib)| mib).sum::<f64>() / points.len().max(1) as f64
}

/// Least squares.
#[expect(clippy::cast_precision_loss, reason = "looks are far fewer than 2^52")]
fn slope(points: &[(f64, f64)]) -> f64 {
    let middle = points.iter().map(|(at, _)| at).sum::<f64>() / points.len().max(1) as f64;
    let (level, mut over, mut under) = (mean(points), 0.0, 0.0);
    for (at, mib) in points {
        over += (at - middle) * (mib - level);
        under += (at - middle) * (at - middle);
    }
    if under > 0.0 { over / under } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty minutes of looks.
    fn looks(mib: impl Fn(f64) -> f64) -> Vec<Sample> {
        let look = |n: u32| {
            let at_s = f64::from(n);
            Sample { at_s, mib: vec![mib(at_s / 60.0)], cpu_s: vec![0.0], head: None, projected: None }
        };
        (0..1200).map(look).collect()
    }

    fn course(mib: impl Fn(f64) -> f64) -> Course {
        Course::of(&looks(mib), |sample| sample.mib[0]).expect("enough looks")
    }

    #[test]
    fn what_stays_is_flat_and_what_grows_by_a_tenth_is_not() {
        let flat = course(|_| 300.0);
        assert_eq!((flat.at, flat.first, flat.last, flat.slope), ([300.0; 4], 300.0, 300.0, 0.0));
        assert!(flat.is_flat());
        let leak = course(|minute| 300.0 + 3.0 * minute);
        assert!((leak.slope - 3.0).abs() < 1e-6, "{leak:?}");
        assert!((leak.growth_percent() - 100.0 * 45.0 / 307.475).abs() < 0.1, "{leak:?}");
        assert!(!leak.is_flat());
        assert!(course(|minute| 300.0 + 1.0 * minute).is_flat(), "within a tenth");
    }

    #[test]
    fn nothing_is_said_of_few_looks_and_nothing_held_is_not_flat() {
        assert_eq!(Course::of(&looks(|_| 1.0)[..3], |sample| sample.mib[0]), None);
        assert!(!course(|_| 0.0).is_flat(), "a process that was never seen");
    }
}
