//! What a chart shows: series of numbers, their styles, and their legend.

use crate::admin::format::percent;

/// The numbers of one line, by bucket or by column; `None` where not watched.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) style: LineStyle,
    pub(super) values: Vec<Option<u64>>,
}

/// The look of a line: its colour and dashes, which the style sheet defines by the class, and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineStyle {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
}

/// One entry of the legend.
#[derive(Clone, Debug)]
pub(super) struct LegendEntry {
    /// `None` for what has no line.
    pub(super) style: Option<LineStyle>,
    pub(super) name: String,
    pub(super) note: String,
    pub(super) number: String,
    /// The part of the whole.
    pub(super) share: String,
}

impl LineStyle {
    pub(super) const STRANDED: Self = Self::new("stranded", "M-2,-5h4l3,3v4l-3,3h-4l-3,-3v-4z");

    /// The style of the series that sums up all without a style of their own.
    const OTHERS: Self = Self::new("s7", "M-4.5,-1.5h9v3h-9z");

    const ALL: [Self; 7] = [
        Self::new("s0", "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z"),
        Self::new("s1", "M-3.5,-3.5h7v7h-7z"),
        Self::new("s2", "M0,-4.5L4.5,3.5H-4.5z"),
        Self::new("s3", "M0,-5L5,0L0,5L-5,0z"),
        Self::new("s4", "M0,4.5L4.5,-3.5H-4.5z"),
        Self::new("s5", "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5"),
        Self::new("s6", "M0,-4.5V4.5M-4.5,0H4.5"),
    ];

    const fn new(class: &'static str, mark: &'static str) -> Self {
        Self { class, mark }
    }

    /// The style of the series with this number.
    pub(super) fn of(number: usize) -> Self {
        Self::ALL.get(number).copied().unwrap_or(Self::OTHERS)
    }
}

/// A series for each style; those beyond are summed up in one, called `2 more kinds`.
pub(super) fn styled<'a>(
    named: impl Iterator<Item = (&'a str, Vec<Option<u64>>)>,
    things: &str,
) -> Vec<Series> {
    let mut own: Vec<(&str, Vec<Option<u64>>)> = named.collect();
    let rest = own.split_off(own.len().min(LineStyle::ALL.len()));
    let own = own.into_iter().enumerate();
    let mut series: Vec<Series> = own
        .map(|(number, (name, values))| Series {
            name: name.to_owned(),
            style: LineStyle::of(number),
            values,
        })
        .collect();
    if !rest.is_empty() {
        series.push(Series {
            name: format!("{} more {things}", rest.len()),
            style: LineStyle::OTHERS,
            values: sum(rest.iter().map(|(_, values)| values.as_slice())),
        });
    }
    series
}

/// The sums by bucket; `None` where no series has a number.
pub(super) fn sum<'a>(series: impl Iterator<Item = &'a [Option<u64>]>) -> Vec<Option<u64>> {
    let mut sums: Vec<Option<u64>> = Vec::new();
    for values in series {
        sums.resize(sums.len().max(values.len()), None);
        for (sum, value) in sums.iter_mut().zip(values) {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or_default().saturating_add(*value));
            }
        }
    }
    sums
}

/// A part of the whole; empty if there is none.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn share_of(part: u64, all: u64) -> String {
    if all == 0 || part == 0 {
        return String::new();
    }
    match part as f64 / all as f64 {
        share if share < 0.001 => "below 0.1 %".to_owned(),
        share => percent(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_without_a_style_of_their_own_are_summed_up() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let series = styled(
            names.map(|name| (name, vec![Some(1), None])).into_iter(),
            "outcomes",
        );
        assert_eq!(series.len(), 8);
        assert_eq!(
            (series[7].name.as_str(), &series[7].values),
            ("2 more outcomes", &vec![Some(2), None])
        );
    }
}
