//! Words for days and periods, and mappings of files in TOML.

use guanxi_base::{Date, Error, TimeZone};
use guanxi_crm::exchange::Mapping;
use guanxi_record::period::plain_day;
use guanxi_record::{Compared, Kind, Op, Period};
use serde_json::json;

use crate::{as_text, corpus};

const PERIODS: &[&str] = &[
    "last",
    "next",
    "this",
    "_",
    "days",
    "weeks",
    "months",
    "quarters",
    "years",
    "today",
    "ago",
    "in",
    "0",
    "1",
    "9999",
    "10000",
    "-1",
    "99999999999999999999",
    "+",
    " ",
];
const TOML: &[&str] = &[
    "[[records]]",
    "[records.fields]",
    "[file]",
    "type = \"customer\"",
    "\n",
    "=",
    "\"",
    "[",
    "]",
    "{",
    "}",
    "match = [\"code\"]",
    "mode = \"update\"",
    "column = \"Name\"",
    "when = [",
    "name = ",
    "a.b",
    "encoding = \"gbk\"",
    "'''",
    "#",
    "decimal_mark = \",\"",
    "1979-05-27",
    "0x",
    "\u{e9}",
];

/// A period is whole, and lies in the calendar of every database, whatever day it is.
fn periods(text: &str) {
    for today in ["0001-01-01", "2024-02-29", "2026-03-18", "9999-12-31"] {
        let today: Date = plain_day(today).unwrap();
        if let Some(period) = Period::parse(text, today) {
            assert!(period.start < period.end, "{text:?}");
            assert!(period.start.year() >= 1, "{text:?}");
        }
        let now = today.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
        let Ok(now) = now else { continue };
        let compared = Compared { now, time_zone: TimeZone::UTC, user: None };
        for kind in [Kind::Date, Kind::Instant] {
            // Read or refused: no error of ours.
            for outcome in [
                compared.value("at", &kind, &json!(text)).map(drop),
                compared.period("at", &kind, &json!(text)).map(drop),
                compared.day("at", (Op::Eq, &kind), &json!(text)).map(drop),
                compared.day("at", (Op::Lt, &kind), &json!(text)).map(drop),
            ] {
                assert!(
                    matches!(outcome, Ok(()) | Err(Error::Refused(_))),
                    "{text:?}: {outcome:?}"
                );
            }
        }
    }
}

fn mappings(text: &str) {
    match Mapping::parse(text) {
        Ok(mapping) => {
            let written = mapping.to_toml().unwrap();
            assert_eq!(Mapping::parse(&written).unwrap(), mapping, "{text}");
        }
        Err(Error::Refused(refusals)) => assert_eq!(refusals[0].code, "wrong-mapping"),
        Err(other) => panic!("{other}"),
    }
}

crate::fuzz! {
    25_000 inputs;
    words_for_days: corpus("periods", PERIODS).by_line() => as_text(periods);
    mapping_files: corpus("mappings", TOML) => as_text(mappings);
}
