//! The results as text.

use std::fmt::Write;

use crate::{
    cases::{BULK_RATE, CPU, Case},
    columns::{AEAD, BLAKE3, Column, DSOFTBUS, NO_DIGEST, TCP},
    results::{Results, Spread},
};

/// Width of the names of columns.
const NAME: usize = 20;

/// A table of one case: medians; ratios to the first column, also of the CPU time of both processes; least and most of the
/// first metric.
pub(crate) fn table(results: &Results, case: Case, columns: &[&Column]) -> String {
    let metrics = case.metrics();
    let (first, others) = (&metrics[0], &metrics[1..]);
    let has_cpu = metrics.iter().any(|metric| metric.name == CPU[0]);
    let mut heads = vec![first.head, "ratio", "least", "most"];
    heads.extend(others.iter().map(|metric| metric.head));
    if has_cpu {
        heads.push("CPU ratio");
    }
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect::<Vec<_>>()];

    let rate = |name| results.spread(case, name, first.name);
    let median = |spread: Option<Spread>| spread.map(|spread| spread.median);
    let base = columns.first().map(|column| column.name);
    let ratio = |value: Option<f64>, base: Option<f64>| match (value, base) {
        (Some(value), Some(base)) if base > 0.0 => format!("{:.2}", value / base),
        _ => String::new(),
    };
    for column in columns {
        let spread = rate(column.name);
        let mut row = vec![
            number(median(spread)),
            ratio(median(spread), base.and_then(|base| median(rate(base)))),
            number(spread.map(|spread| spread.least)),
            number(spread.map(|spread| spread.most)),
        ];
        for metric in others {
            row.push(number(median(results.spread(
                case,
                column.name,
                metric.name,
            ))));
        }
        if has_cpu {
            row.push(ratio(
                results.cpu(case, column.name),
                base.and_then(|base| results.cpu(case, base)),
            ));
        }
        rows.push(row);
    }
    aligned(
        &format!("{}, {}", case.scenario(), case.name()),
        columns,
        &rows,
    )
}

/// How near bulk comes to what one CPU a side allows, which has nothing to do but to move, seal and hash the bytes.
pub(crate) fn bounds(results: &Results) -> String {
    let rate = |column: &Column| {
        let spread = results.spread(Case::Bulk, column.name, BULK_RATE)?;
        Some(spread.median)
    };
    let mut text = String::new();
    for (column, terms) in BOUNDS {
        let bound: Option<f64> = terms.iter().map(|term| Some(1.0 / rate(term)?)).sum();
        if let (Some(rate), Some(bound)) = (rate(column), bound) {
            let names: Vec<_> = terms
                .iter()
                .map(|term| format!("1/{}", term.name))
                .collect();
            let _ = writeln!(
                text,
                "  {}: {:.2} of 1/({})",
                column.name,
                rate * bound,
                names.join(" + ")
            );
        }
    }
    text
}

/// What takes its time one after the other on the busier CPU of a transfer.
const BOUNDS: [(&Column, &[&Column]); 2] = [
    (&DSOFTBUS, &[&TCP, &AEAD, &BLAKE3]),
    (&NO_DIGEST, &[&TCP, &AEAD]),
];

fn aligned(title: &str, columns: &[&Column], rows: &[Vec<String>]) -> String {
    let mut text = format!("\n{title}\n");
    let names = std::iter::once("").chain(columns.iter().map(|column| column.name));
    for (name, row) in names.zip(rows) {
        let _ = write!(text, "  {name:<NAME$}");
        for (place, cell) in row.iter().enumerate() {
            let longest = rows.iter().map(|row| row[place].chars().count()).max();
            let width = longest.unwrap_or_default() + 2;
            let _ = write!(text, "{cell:>width$}");
        }
        text.push('\n');
    }
    text
}

/// A number with as many digits as mean something; empty when there is none.
fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value >= 1_000.0 => thousands(value),
        Some(value) if value >= 100.0 => format!("{value:.0}"),
        Some(value) if value >= 10.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.2}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Row;

    fn row(column: &'static str, metric: &str, value: f64) -> Row {
        Row {
            case: Case::Bulk,
            column,
            repetition: 1,
            metric: metric.to_owned(),
            value,
            unit: String::new(),
        }
    }

    #[test]
    fn a_bound_is_what_is_left_when_each_term_takes_its_time() {
        let mut results = Results(vec![
            row("dsoftbus-no-digest", BULK_RATE, 900.0),
            row("tcp", BULK_RATE, 2_000.0),
            row("aead", BULK_RATE, 2_000.0),
        ]);
        let bound = "  dsoftbus-no-digest: 0.90 of 1/(1/tcp + 1/aead)\n";
        assert_eq!(bounds(&results), bound);
        results.0.pop();
        assert_eq!(bounds(&results), "");
    }

    #[test]
    fn ratios_are_to_the_first_column() {
        let results = Results(vec![
            row("dsoftbus", "throughput", 1_500.0),
            row("dsoftbus", CPU[0], 0.5),
            row("dsoftbus", CPU[1], 0.5),
            row("tcp", "throughput", 3_000.0),
            row("tcp", CPU[0], 0.25),
            row("tcp", CPU[1], 0.25),
        ]);
        let text = table(&results, Case::Bulk, &[&DSOFTBUS, &TCP]);
        let words: Vec<Vec<_>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            words[3],
            [
                "dsoftbus", "1,500", "1.00", "1,500", "1,500", "0.50", "0.50", "1.00"
            ]
        );
        assert_eq!(
            words[4],
            [
                "tcp", "3,000", "2.00", "3,000", "3,000", "0.25", "0.25", "0.50"
            ]
        );
    }

    #[test]
    fn digits_are_grouped_by_threes() {
        let shown = [999.6, 1_000.0, 1_234_567.0, 12.34, 0.125].map(|value| number(Some(value)));
        assert_eq!(shown, ["1000", "1,000", "1,234,567", "12.3", "0.12"]);
    }
}
