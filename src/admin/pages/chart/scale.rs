//! The vertical scale.

/// A scale from zero to a round number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    step: u64,
    steps: u64,
}

/// The height of the area in which lines are drawn.
pub(super) const HEIGHT: u32 = 180;

impl Scale {
    /// The scale whose highest number is no lower than this one.
    pub(super) fn reaching(highest: u64) -> Self {
        let highest = highest.max(1);
        let mut power: u64 = 1;
        loop {
            for factor in [1, 2, 5] {
                let step = power.saturating_mul(factor);
                if step.saturating_mul(4) >= highest {
                    return Self {
                        step,
                        steps: highest.div_ceil(step),
                    };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// How far below the upper edge a number lies.
    #[expect(clippy::cast_precision_loss, reason = "a place in a drawing")]
    pub(super) fn y(self, number: u64) -> f64 {
        let highest = (self.step.saturating_mul(self.steps)) as f64;
        let share = (number as f64 / highest).min(1.0);
        ((1.0 - share) * f64::from(HEIGHT) * 10.0).round() / 10.0
    }

    /// The numbers with a line, from zero up.
    pub(super) fn numbers(self) -> impl Iterator<Item = u64> {
        (0..=self.steps).map(move |step| step.saturating_mul(self.step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers_with_few_lines() {
        let numbers = |highest| Scale::reaching(highest).numbers().collect::<Vec<_>>();
        assert_eq!(numbers(0), [0, 1]);
        assert_eq!(numbers(3), [0, 1, 2, 3]);
        assert_eq!(numbers(5), [0, 2, 4, 6]);
        assert_eq!(numbers(130), [0, 50, 100, 150]);
        let place = |number| Scale::reaching(4).y(number).to_string();
        assert_eq!([place(4), place(0)], ["0".to_owned(), HEIGHT.to_string()]);
    }

    #[test]
    fn the_largest_number_has_a_scale_too() {
        assert!(Scale::reaching(u64::MAX).y(u64::MAX) <= 0.0);
    }
}
