//! The JSON lines and the table.

/// One thing that was measured of a schema: of capnpc's output, and of ours.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Short name of the schema.
    pub(crate) schema: String,
    /// What was measured.
    pub(crate) metric: String,
    /// What it is counted in.
    pub(crate) unit: &'static str,
    /// Of capnpc's output alone, each time.
    pub(crate) capnpc: Vec<f64>,
    /// Of what of ours.
    pub(crate) what: &'static str,
    /// Of it, each time.
    pub(crate) ours: Vec<f64>,
}

impl Row {
    /// How many times capnpc's median ours is.
    fn ratio(&self) -> f64 {
        median(&self.ours) / median(&self.capnpc)
    }

    fn json(&self) -> String {
        format!(
            r#"{{"schema":"{}","metric":"{}","unit":"{}","capnpc":{},"capnpc_runs":{:?},"ours":{},"ours_runs":{:?},"ours_is":"{}","ratio":{}}}"#,
            self.schema,
            self.metric,
            self.unit,
            median(&self.capnpc),
            self.capnpc,
            median(&self.ours),
            self.ours,
            self.what,
            rounded(self.ratio()),
        )
    }
}

/// Prints everything that is known of a row as JSON, on one line.
pub(crate) fn print_line(row: &Row) {
    println!("{}", row.json());
}

/// Prints medians and ratios of all rows.
pub(crate) fn print_table(rows: &[Row]) {
    let mut schema = "";
    for row in rows {
        if row.schema != schema {
            schema = &row.schema;
            println!(
                "\n{schema:<26}{:>28}{:>28}{:>8}",
                "capnpc alone", "ours", "ratio"
            );
        }
        println!(
            "  {:<24}{:>28}{:>28}{:>8.2}  {}",
            row.metric,
            shown(&row.capnpc, row.unit),
            shown(&row.ours, row.unit),
            row.ratio(),
            row.what
        );
    }
}

/// The median, and between what it lies.
fn shown(values: &[f64], unit: &str) -> String {
    let median = median(values);
    if values.len() < 2 {
        return format!("{median} {unit}");
    }
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
            (least.min(*value), most.max(*value))
        });
    format!("{median:.2} ({least:.2} to {most:.2}) {unit}")
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// To thousandths, as far as any of it means something.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn one_slow_run_does_not_change_a_ratio() {
        let row = Row {
            schema: "s".to_owned(),
            metric: "m".to_owned(),
            unit: "s",
            capnpc: vec![2.0, 9.0, 1.5],
            what: "whole output",
            ours: vec![3.0, 3.0, 30.0],
        };
        assert_eq!(
            row.json(),
            r#"{"schema":"s","metric":"m","unit":"s","capnpc":2,"capnpc_runs":[2.0, 9.0, 1.5],"ours":3,"ours_runs":[3.0, 3.0, 30.0],"ours_is":"whole output","ratio":1.5}"#
        );
    }
}
