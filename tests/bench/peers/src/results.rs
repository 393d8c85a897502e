//! [`Results`]: the values of a run, and what they come to.

use dsoftbus_bench::Result;
use serde_json::{Value, json};

use crate::cases::{CPU, Case};

/// One value that a load printed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: Case,
    pub(crate) column: &'static str,
    /// From 1 on.
    pub(crate) repetition: usize,
    pub(crate) metric: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

impl Row {
    /// Reads a line of a load.
    ///
    /// # Errors
    ///
    /// When it is not a result.
    pub(crate) fn read(
        line: &str,
        case: Case,
        column: &'static str,
        repetition: usize,
    ) -> Result<Self> {
        let printed: Value = serde_json::from_str(line)?;
        let text = |name: &str| printed[name].as_str().map(str::to_owned);
        let (Some(metric), Some(unit)) = (text("metric"), text("unit")) else {
            return Err(format!("not a result: {line}").into());
        };
        let value = printed["value"].as_f64();
        Ok(Self {
            case,
            column,
            repetition,
            metric,
            value: value.ok_or_else(|| format!("not a number: {line}"))?,
            unit,
        })
    }

    /// As a line of JSON that needs no other line to be understood.
    pub(crate) fn json(&self) -> String {
        json!({
            "column": self.column,
            "scenario": self.case.scenario(),
            "case": self.case.name(),
            "metric": self.metric,
            "value": self.value,
            "unit": self.unit,
            "repetition": self.repetition,
        })
        .to_string()
    }
}

/// The values of a run.
#[derive(Debug, Default)]
pub(crate) struct Results(pub(crate) Vec<Row>);

impl Results {
    /// What the repetitions of one value come to; `None` when it was not measured.
    pub(crate) fn spread(&self, case: Case, column: &str, metric: &str) -> Option<Spread> {
        let wanted = |row: &&Row| row.case == case && row.column == column && row.metric == metric;
        Spread::of(self.0.iter().filter(wanted).map(|row| row.value).collect())
    }

    /// CPU time of an operation, in both processes together.
    pub(crate) fn cpu(&self, case: Case, column: &str) -> Option<f64> {
        let median = |metric| Some(self.spread(case, column, metric)?.median);
        CPU.into_iter().map(median).sum()
    }
}

/// The middle and the ends of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `None` when there is no value.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Some(Self {
            least,
            median: f64::midpoint(below, above),
            most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"peer":"tonic","scenario":"s1","metric":"p50","value":196.5,"unit":"us","params":{"concurrency":16}}"#;

    fn row(metric: &str, value: f64, repetition: usize) -> Row {
        Row {
            case: Case::Bulk,
            column: "tcp",
            repetition,
            metric: metric.to_owned(),
            value,
            unit: "s/GiB".to_owned(),
        }
    }

    #[test]
    fn a_line_says_by_itself_what_was_measured() {
        let row = Row::read(LINE, Case::Calls(16), "tonic", 2).unwrap();
        let line: Value = serde_json::from_str(&row.json()).unwrap();
        let expected = json!({
            "column": "tonic", "scenario": "calls", "case": "16 in flight",
            "metric": "p50", "value": 196.5, "unit": "us", "repetition": 2,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn what_is_not_a_result_is_refused() {
        let read = |line| {
            Row::read(line, Case::Bulk, "tcp", 1)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(read("{}"), "not a result: {}");
        let line = r#"{"metric":"p50","unit":"us","value":null}"#;
        assert_eq!(read(line), format!("not a number: {line}"));
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.to_vec()).map(|spread| spread.median);
        assert_eq!(spread(&[3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(spread(&[3.0, 1.0, 9.0, 5.0]), Some(4.0));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn cpu_time_is_that_of_both_processes() {
        let results = Results(vec![
            row(CPU[0], 0.5, 1),
            row(CPU[0], 0.25, 2),
            row(CPU[0], 1.0, 3),
            row(CPU[1], 2.0, 1),
        ]);
        assert_eq!(results.cpu(Case::Bulk, "tcp"), Some(2.5));
        assert_eq!(results.cpu(Case::Bulk, "tonic"), None);
    }
}
