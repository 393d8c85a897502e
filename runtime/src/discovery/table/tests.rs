use super::*;

/// An announcement of tests. `text` stands for everything else that is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in super::super) struct Sample {
    pub(in super::super) device: Device,
    pub(in super::super) sequence: u64,
    pub(in super::super) ttl: u16,
    pub(in super::super) text: &'static str,
}

impl Announced for Sample {
    fn device(&self) -> Device {
        self.device
    }
    fn sequence(&self) -> u64 {
        self.sequence
    }
    fn issued_at(&self) -> u64 {
        1_000_000
    }
    fn time_to_live(&self) -> u16 {
        self.ttl
    }
}

pub(in super::super) fn device(n: u16) -> Device {
    let mut device = [0; 32];
    device[..2].copy_from_slice(&n.to_be_bytes());
    device
}

pub(in super::super) fn sample(n: u16, sequence: u64) -> Sample {
    Sample {
        device: device(n),
        sequence,
        ttl: 60,
        text: "",
    }
}

pub(in super::super) fn goodbye(n: u16, sequence: u64) -> Sample {
    Sample {
        ttl: 0,
        ..sample(n, sequence)
    }
}

const FOUND: Result<Change, Refused> = Ok(Change::Found { evicted: None });
const UPDATED: Result<Change, Refused> = Ok(Change::Updated { evicted: None });

fn at(monotonic: u64) -> Now {
    Now {
        monotonic,
        unix: None,
    }
}

fn known(table: &mut Table<Sample>, announcement: Sample) -> Result<Change, Refused> {
    table.insert(announcement, Standing::Known, at(0))
}

#[test]
fn a_higher_number_replaces_and_a_lower_one_is_stale() {
    let mut table = Table::new(None);
    assert_eq!(known(&mut table, sample(1, 5)), FOUND);
    assert_eq!(known(&mut table, sample(1, 6)), UPDATED);
    assert_eq!(
        known(&mut table, sample(1, 5)),
        Err(Refused::Stale {
            sequence: 5,
            floor: 6
        })
    );
    assert_eq!(table.find(&device(1)).unwrap().sequence, 6);
}

#[test]
fn one_number_with_other_bytes_drops_both_until_a_higher_one_comes() {
    let mut table = Table::new(None);
    let (one, other) = (
        sample(1, 5),
        Sample {
            text: "other",
            ..sample(1, 5)
        },
    );
    known(&mut table, one.clone()).unwrap();
    assert_eq!(
        known(&mut table, other.clone()),
        Err(Refused::Equivocation { sequence: 5 })
    );
    assert_eq!(table.find(&device(1)), None);
    for again in [one, other] {
        assert_eq!(
            known(&mut table, again),
            Err(Refused::Stale {
                sequence: 5,
                floor: 5
            })
        );
    }
    assert_eq!(known(&mut table, sample(1, 6)), FOUND);
}

#[test]
fn a_repetition_changes_nothing_and_does_not_extend_the_life() {
    let mut table = Table::new(None);
    known(&mut table, sample(1, 5)).unwrap();
    let again = table.insert(sample(1, 5), Standing::Known, at(59));
    assert_eq!(again, Ok(Change::Nothing));
    assert_eq!(table.next_expiry(), Some(60));
    assert_eq!(table.expire(at(59)), [] as [Device; 0]);
    assert_eq!(table.expire(at(60)), [device(1)]);
    assert_eq!(table.next_expiry(), None);
}

#[test]
fn what_is_over_cannot_be_replayed() {
    let mut table = Table::new(None);
    known(&mut table, sample(1, 5)).unwrap();
    table.expire(at(1_000));
    assert_eq!(
        known(&mut table, sample(1, 5)),
        Err(Refused::Stale {
            sequence: 5,
            floor: 5
        })
    );
}

#[test]
fn a_goodbye_removes_and_cannot_be_undone_by_a_replay() {
    let mut table = Table::new(None);
    known(&mut table, sample(1, 5)).unwrap();
    let stale = |sequence, floor| Err(Refused::Stale { sequence, floor });
    assert_eq!(known(&mut table, goodbye(1, 4)), stale(4, 5));
    assert_eq!(known(&mut table, goodbye(1, 6)), Ok(Change::Lost));
    assert_eq!(known(&mut table, sample(1, 5)), stale(5, 6));
    assert_eq!(known(&mut table, goodbye(1, 7)), Ok(Change::Nothing));
    assert_eq!(known(&mut table, sample(1, 7)), stale(7, 7));
    assert_eq!(known(&mut table, sample(1, 8)), FOUND);
}

#[test]
fn a_goodbye_with_a_number_already_used_is_equivocation() {
    let mut table = Table::new(None);
    known(&mut table, sample(1, 5)).unwrap();
    assert_eq!(
        known(&mut table, goodbye(1, 5)),
        Err(Refused::Equivocation { sequence: 5 })
    );
}

#[test]
fn numbers_from_before_a_restart_stay_refused() {
    let mut table = Table::new(None);
    known(&mut table, sample(1, 5)).unwrap();
    table
        .insert(sample(2, 9), Standing::Stranger, at(0))
        .unwrap();
    let kept: Vec<_> = table
        .floors()
        .map(|(device, floor)| (*device, floor))
        .collect();
    assert_eq!(kept, [(device(1), 5)]);
    let mut table = Table::new(None);
    table.raise_floor(device(1), 5).unwrap();
    assert_eq!(
        known(&mut table, sample(1, 5)),
        Err(Refused::Stale {
            sequence: 5,
            floor: 5
        })
    );
    assert_eq!(known(&mut table, sample(1, 6)), FOUND);
}

#[test]
fn our_own_device_is_refused() {
    let mut table = Table::new(Some(device(1)));
    assert_eq!(known(&mut table, sample(1, 5)), Err(Refused::OwnDevice));
    assert_eq!(table.iter().count(), 0);
}

#[test]
fn a_time_to_live_above_the_limit_is_refused() {
    let mut table = Table::new(None);
    let long = |ttl| Sample {
        ttl,
        ..sample(1, 5)
    };
    assert_eq!(
        known(&mut table, long(121)),
        Err(Refused::TtlTooLong { ttl: 121 })
    );
    assert_eq!(known(&mut table, long(120)), FOUND);
}

#[test]
fn an_announcement_from_another_hour_is_refused_if_we_know_the_time() {
    let mut table = Table::new(None);
    let mut insert = |n, unix| {
        let now = Now { monotonic: 0, unix };
        table.insert(sample(n, 1), Standing::Known, now)
    };
    let off = |difference| Err(Refused::ClockDifference { difference });
    assert_eq!(insert(1, Some(1_003_600)), off(3_600));
    assert_eq!(insert(1, Some(1_000_000 - 301)), off(301));
    assert_eq!(insert(1, Some(1_000_300)), FOUND);
    assert_eq!(insert(2, None), FOUND);
}

#[test]
fn ten_thousand_strangers_push_out_strangers_only() {
    let mut table = Table::new(None);
    for n in 0..100 {
        known(&mut table, sample(n, 1)).unwrap();
    }
    for n in 1_000..11_000 {
        let change = table
            .insert(sample(n, 1), Standing::Stranger, at(0))
            .unwrap();
        let evicted = (n >= 1_064).then(|| device(n - 64));
        assert_eq!(change, Change::Found { evicted });
    }
    assert_eq!(table.iter().count(), 164);
    assert!((0..100).all(|n| table.find(&device(n)).is_some()));
}

#[test]
fn a_full_table_refuses_newcomers_and_takes_updates() {
    let mut table = Table::new(None);
    for n in 0..1_024 {
        known(&mut table, sample(n, 1)).unwrap();
    }
    assert_eq!(known(&mut table, sample(5_000, 1)), Err(Refused::Full));
    assert_eq!(known(&mut table, sample(7, 2)), UPDATED);
    // A device that left makes room.
    known(&mut table, goodbye(8, 2)).unwrap();
    assert_eq!(known(&mut table, sample(5_000, 1)), FOUND);
    assert_eq!(known(&mut table, sample(8, 3)), Err(Refused::Full));
}

#[test]
fn a_stranger_that_becomes_trusted_moves_over() {
    let mut table = Table::new(None);
    table
        .insert(sample(1, 1), Standing::Stranger, at(0))
        .unwrap();
    assert_eq!(known(&mut table, sample(1, 2)), UPDATED);
    for n in 100..200 {
        table
            .insert(sample(n, 1), Standing::Stranger, at(0))
            .unwrap();
    }
    assert!(table.find(&device(1)).is_some());
}

#[test]
fn goodbyes_of_strangers_leave_no_trace() {
    let mut table = Table::new(None);
    for n in 0..1_000 {
        let change = table.insert(goodbye(n, 1), Standing::Stranger, at(0));
        assert_eq!(change, Ok(Change::Nothing));
    }
    assert_eq!(table.rows.len(), 0);
}
