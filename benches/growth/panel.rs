//! The figures of one kind of growth.

use std::fmt;

/// One chart: how a cost depends on a number.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// What there is more and more of.
    pub(crate) of: &'static str,
    pub(crate) unit: Unit,
    pub(crate) lines: Vec<Line>,
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// How many there are, and the cost in nanoseconds.
    pub(crate) points: Vec<(usize, f64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Microseconds,
    Milliseconds,
}

impl Unit {
    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "µs",
            Self::Milliseconds => "ms",
        }
    }

    pub(crate) fn of(self, nanoseconds: f64) -> f64 {
        match self {
            Self::Nanoseconds => nanoseconds,
            Self::Microseconds => nanoseconds / 1e3,
            Self::Milliseconds => nanoseconds / 1e6,
        }
    }
}

impl Line {
    /// Measures each point.
    pub(crate) fn new(
        name: &'static str,
        numbers: Vec<usize>,
        mut cost: impl FnMut(usize) -> f64,
    ) -> Self {
        let points = numbers.into_iter().map(|number| (number, cost(number)));
        Self {
            name,
            points: points.collect(),
        }
    }
}

impl fmt::Display for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, by {}", self.title, self.of)?;
        for line in &self.lines {
            write!(f, "  {:<16}", line.name)?;
            for (number, cost) in &line.points {
                let cost = self.unit.of(*cost);
                write!(f, "  {number}: {cost:.*}", decimals(cost))?;
            }
            writeln!(f, " {}", self.unit.symbol())?;
        }
        Ok(())
    }
}

/// How many decimals leave two digits of a small number, and none of a large one.
pub(crate) const fn decimals(value: f64) -> usize {
    if value <= 0.0 {
        0
    } else if value < 1.0 {
        2
    } else if value < 10.0 {
        1
    } else {
        0
    }
}
