//! Texts, days and times that are easily taken for others. What is stored and what is asked for is
//! drawn from the same lists, so that questions meet records.

use guanxi_base::Rng;

/// Names of every sort: letters of two forms, wildcards of databases, signs of spreadsheets.
pub(crate) const TEXTS: [&str; 44] = [
    "Miller",
    "miller",
    "MILLER",
    "M\u{fc}ller",
    "Mu\u{308}ller",
    "M\u{dc}LLER",
    "Stra\u{df}e",
    "STRASSE",
    "STRASSE, Gro\u{df}e",
    "I\u{15f}\u{131}k",
    "\u{130}stanbul",
    "\u{d8}rsted",
    "\u{e9}",
    "e\u{301}",
    "E",
    "\u{39f}\u{394}\u{39f}\u{3a3}",
    "\u{3bf}\u{3b4}\u{3cc}\u{3c2}",
    "\u{ff21}\u{ff22}\u{ff23}\u{ff11}\u{ff12}",
    "ABC12",
    "\u{5f20}\u{4f1f}",
    "\u{4e0a}\u{6d77}\u{5f20}\u{4f1f}\u{8d38}\u{6613}",
    "\u{20bb7}\u{91ce}\u{5bb6}",
    "\u{d55c}\u{ad6d}",
    "\u{1f600} smile",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "O'Brien",
    "\"quoted\"",
    "a\"b,c",
    "100%",
    "100",
    "a_b",
    "axb",
    "back\\slash",
    "back\\\\slash",
    "%",
    "_",
    "a&b=c",
    "a+b",
    "<b>bold</b>",
    "=1+1",
    "-5",
    "@home",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}!",
    "a  two  blanks",
];

/// Days about the ends of months and years, and of summer time.
pub(crate) const DAYS: [&str; 18] = [
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2025-12-31",
    "2026-01-01",
    "2026-01-31",
    "2026-02-28",
    "2026-03-01",
    "2026-03-17",
    "2026-03-18",
    "2026-03-19",
    "2026-03-28",
    "2026-03-29",
    "2026-03-31",
    "2026-10-25",
    "1999-12-31",
    "0001-01-01",
    "9999-12-31",
];

/// Times about midnight of several zones, and where clocks are put forward or back.
pub(crate) const TIMES: [&str; 20] = [
    "2026-03-17T23:59:59.999999Z",
    "2026-03-18T00:00:00Z",
    "2026-03-18T07:59:59Z",
    "2026-03-18T08:00:00Z",
    "2026-03-18T15:59:59.999999Z",
    "2026-03-18T16:00:00Z",
    "2026-03-18T22:59:59Z",
    "2026-03-18T23:00:00Z",
    "2026-03-28T22:59:59Z",
    "2026-03-28T23:00:00Z",
    "2026-03-29T00:59:59Z",
    "2026-03-29T01:00:00Z",
    "2026-03-29T21:59:59Z",
    "2026-03-29T22:00:00Z",
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-02-28T23:30:00Z",
    "2025-12-31T23:00:00Z",
    "2026-01-01T04:59:59Z",
    "2026-03-08T07:00:00Z",
];

/// Words for days and periods.
pub(crate) const PERIODS: [&str; 14] = [
    "today",
    "yesterday",
    "tomorrow",
    "last_7_days",
    "last_30_days",
    "next_14_days",
    "this_week",
    "this_month",
    "last_month",
    "this_quarter",
    "this_year",
    "last_year",
    "last_2_years",
    "last_9999_years",
];

/// A text of the list, now and then one that is very long or has blanks about it.
pub(crate) fn text(rng: &mut Rng) -> String {
    let one = *rng.pick(&TEXTS);
    match rng.below(20) {
        0 => format!("  {one} "),
        1 => format!("{one} {}", rng.pick(&TEXTS)),
        2 => one.repeat(200 / one.chars().count().max(1)).chars().take(240).collect(),
        _ => one.to_owned(),
    }
}

/// A piece of a text, in some case.
pub(crate) fn piece(rng: &mut Rng) -> String {
    let whole: Vec<char> = rng.pick(&TEXTS).chars().collect();
    let start = rng.below(whole.len());
    let piece: String = whole.iter().skip(start).take(1 + rng.below(4)).collect();
    match rng.below(3) {
        0 => piece.to_uppercase(),
        1 => piece.to_lowercase(),
        _ => piece,
    }
}
