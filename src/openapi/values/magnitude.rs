//! Numbers, compared to the last digit.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A number, whole ones exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Magnitude {
    pub(crate) float: f64,
    whole: Option<i128>,
}

impl Magnitude {
    /// `None` if it is beyond what a float can be.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        let float = number.as_f64().filter(|float| float.is_finite())?;
        let whole = number.as_i128().or_else(|| whole(float));
        Some(Self { float, whole })
    }

    pub(super) fn is_integer(self) -> bool {
        self.whole.is_some() || self.float.fract() == 0.0
    }

    pub(super) fn is_multiple_of(self, factor: Self) -> bool {
        if let (Some(own), Some(factor)) = (self.whole, factor.whole) {
            return own.checked_rem(factor) == Some(0);
        }
        let ratio = self.float / factor.float;
        factor.float != 0.0 && (ratio - ratio.round()).abs() <= 1e-12 * ratio.abs()
    }

    /// The number itself, and others within one of it.
    pub(super) fn around(self) -> impl Iterator<Item = Value> {
        let whole = self.whole.into_iter();
        let whole = whole.flat_map(|own| [-1, 0, 1].map(|step| own.checked_add(step)));
        let whole = whole.filter_map(|near| Number::from_i128(near?));
        let floats = [-1.0, -0.5, 0.0, 0.5, 1.0].map(|step| number(self.float + step));
        whole.map(Value::Number).chain(floats)
    }

    /// Some multiples, and a number that is none.
    pub(super) fn multiples(self) -> impl Iterator<Item = Value> {
        let whole = self.whole.into_iter();
        let whole = whole.flat_map(|own| [Some(own), own.checked_mul(2)]);
        let whole = whole.filter_map(|multiple| Number::from_i128(multiple?));
        let floats = [1.0, 2.0, 1.5].map(|times| number(self.float * times));
        whole.map(Value::Number).chain(floats)
    }
}

impl PartialEq for Magnitude {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.whole, other.whole) {
            (Some(own), Some(other)) => own.partial_cmp(&other),
            _ => self.float.partial_cmp(&other.float),
        }
    }
}

/// Numbers are equal by value, however they are written.
pub(super) fn same_number(one: &Number, other: &Number) -> bool {
    match (Magnitude::of(one), Magnitude::of(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// A float as a value; a whole one without a fraction.
pub(super) fn number(float: f64) -> Value {
    let whole = whole(float).filter(|_| float.abs() < 9e15);
    let number = whole.map_or_else(|| Number::from_f64(float), Number::from_i128);
    number.map_or(Value::Null, Value::Number)
}

fn whole(float: f64) -> Option<i128> {
    // The bound is 2^126, which an `i128` has space for.
    let is_whole = float.fract() == 0.0 && float.abs() <= 8.5e37;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number in its range"
    )]
    is_whole.then_some(float as i128)
}
