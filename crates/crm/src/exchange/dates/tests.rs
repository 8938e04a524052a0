//! Dates and times of many countries, and texts that only look like them.
//! An hour or a month that is wrong in silence is worse than a refusal.

use super::*;

fn years() -> TwoDigitYears {
    TwoDigitYears { last: 2046 }
}

fn read(text: &str, order: DateOrder) -> String {
    let Some(read) = read_date(text, DateReading { order, years: years() }) else {
        return "!".to_owned();
    };
    let time = read.time.map_or(String::new(), |time| format!(" {time}"));
    let zone = read.zone.map_or(String::new(), |zone| {
        let noon = read.date.at(12, 0, 0, 0).to_zoned(zone).unwrap();
        format!(" {}", noon.offset())
    });
    format!("{}{time}{zone}", read.date)
}

#[test]
fn dates_of_many_countries() {
    for (text, expected) in [
        ("2010-12-01 08:26:00", "2010-12-01 08:26:00"),
        ("2010/1/5", "2010-01-05"),
        ("2010.1.5", "2010-01-05"),
        ("２０１０／１／５", "2010-01-05"),
        ("2010年12月1日", "2010-12-01"),
        ("2010 年 12 月 1 日", "2010-12-01"),
        ("10年3月8日", "2010-03-08"),
        ("2010년 12월 1일", "2010-12-01"),
        ("20101201", "2010-12-01"),
        ("20101201082600", "2010-12-01 08:26:00"),
        ("01/12/2010", "2010-12-01"),
        ("1.12.10 3:05 PM", "2010-12-01 15:05:00"),
        ("1. Dezember 2010", "2010-12-01"),
        ("1 Dec 2010", "2010-12-01"),
        ("1-Dec-10", "2010-12-01"),
        ("01DEC2010", "2010-12-01"),
        ("1st of December 2010", "2010-12-01"),
        ("8 de marzo de 2010", "2010-03-08"),
        ("December 1, 2010", "2010-12-01"),
        ("Dec. 1st, 2010", "2010-12-01"),
        ("2010-Dec-01", "2010-12-01"),
        ("Wed, 01 Dec 2010 10:00:00 +0800", "2010-12-01 10:00:00 +08"),
        ("2010-12-01 (Wed)", "2010-12-01"),
        ("2010年12月1日 星期三 下午3点05分", "2010-12-01 15:05:00"),
        ("01-12月-10", "2010-12-01"),
        ("01-12月 -10", "2010-12-01"),
        ("1-12月-2010", "2010-12-01"),
        ("01-十二月-10", "2010-12-01"),
        ("12月1日 2010", "2010-12-01"),
        ("12月1日，2010年", "2010-12-01"),
        ("2010 12月1日", "2010-12-01"),
        ("1日12月2010年", "2010-12-01"),
        ("12月 1, 2010", "2010-12-01"),
        ("2010-12月-01", "2010-12-01"),
        ("2010년 12월 1일 09:00", "2010-12-01 09:00:00"),
        ("1. März 2010", "2010-03-01"),
        ("Mär 1, 2010", "2010-03-01"),
        ("1-Mar-10", "2010-03-01"),
        ("12月13日12月", "!"),
        ("2010年12月", "!"),
        ("三月八日", "!"),
        ("令和8年3月8日", "!"),
        ("民国115年3月8日", "!"),
        ("115年3月8日", "!"),
        ("8年3月8日", "!"),
        ("März 2010", "!"),
        ("31/02/2010", "!"),
        ("tomorrow", "!"),
        ("12", "!"),
        ("", "!"),
        ("3月8日", "!"),
        ("12/2010", "!"),
        ("1/2/3", "!"),
        ("1/12-2010", "!"),
        ("01/12/2010 or so", "!"),
        ("01/12/2010-05/12/2010", "!"),
        ("Thu, 01 Dec 2010", "!"),
        ("2010-12-01 x", "!"),
        ("10/206/2010", "!"),
    ] {
        assert_eq!(read(text, DateOrder::DayFirst), expected, "{text}");
    }
    for order in DateOrder::ALL {
        for text in ["08-3月 2026", "3月8日 2026", "26年3月8日", "8 März 2026", "2026. 3월 8일"]
        {
            assert_eq!(read(text, order), "2026-03-08", "{text}");
        }
    }
    assert_eq!(read("08-3月-26", DateOrder::MonthFirst), "2026-03-08");
    assert_eq!(read("12/01/2010", DateOrder::MonthFirst), "2010-12-01");
    assert_eq!(read("10/12/01", DateOrder::YearFirst), "2010-12-01");
}

#[test]
fn times_say_which_half_of_the_day() {
    for (text, expected) in [
        ("2026/3/8 下午10:00", "22:00:00"),
        ("2026/3/8 10:00 下午", "22:00:00"),
        ("2026/3/8 下午 10:00", "22:00:00"),
        ("2026/3/8下午10:00", "22:00:00"),
        ("2026/3/8 上午12:30", "00:30:00"),
        ("2026/3/8 下午12:30", "12:30:00"),
        ("2026/3/8 中午12:00", "12:00:00"),
        ("2026/3/8 凌晨2:00", "02:00:00"),
        ("2026/3/8 晚上8:30", "20:30:00"),
        ("2026/3/8 下午14:00", "14:00:00"),
        ("2026-03-08 오후 10:00", "22:00:00"),
        ("2026-03-08 午後10時30分", "22:30:00"),
        ("2026-03-08 10:00 p.m.", "22:00:00"),
        ("2026-03-08 10:00 P.M.", "22:00:00"),
        ("2026-03-08 10pm", "22:00:00"),
        ("2026-03-08 12:00 AM", "00:00:00"),
        ("2026-03-08 10:00 Uhr", "10:00:00"),
        ("2026-03-08T10:00:00.250", "10:00:00.25"),
        ("08.03.2026, 10:00", "10:00:00"),
        ("2026-03-08 上午14:00", "!"),
        ("2026-03-08 晚上12:00", "!"),
        ("2026-03-08 25:00", "!"),
        ("2026-03-08 10", "!"),
        ("2026-03-08 10:00 PST", "!"),
        ("2026-03-08 10:00 foo", "!"),
        ("2026-03-08 10:00 下午 x", "!"),
        ("2026-03-08 am pm 10:00", "!"),
    ] {
        let shown = read(text, DateOrder::DayFirst);
        let time = shown.split_once(' ').map_or(shown.as_str(), |(_, time)| time);
        assert_eq!(time, expected, "{text}");
    }
}

#[test]
fn offsets_count() {
    for (text, expected) in [
        ("2026-03-08 10:00 +00:00", "10:00:00 +00"),
        ("2026-03-08 10:00:00 -0500", "10:00:00 -05"),
        ("2026-03-08 10:00 +0800", "10:00:00 +08"),
        ("2026-03-08 10:00+08:00", "10:00:00 +08"),
        ("2026-03-08T10:00:00Z", "10:00:00 +00"),
        ("2026-03-08 10:00 UTC", "10:00:00 +00"),
        ("2026-03-08 10:00 GMT+8", "10:00:00 +08"),
        ("2026-03-08 10:00 UTC+05:30", "10:00:00 +05:30"),
        ("2026-03-08 10:00 Asia/Shanghai", "10:00:00 +08"),
        ("2026-03-08T10:00:00+08:00[Asia/Shanghai]", "10:00:00 +08"),
        ("2026-03-08 10:00 PM -0500", "22:00:00 -05"),
        ("2026-03-08T10:00-05:00", "10:00:00 -05"),
        ("2026-03-08 10:00:00-05:00", "10:00:00 -05"),
        ("2026-03-08 10:00 UTC-5", "10:00:00 -05"),
        ("2026-03-08 09:00-10:00", "!"),
        ("2026-03-08 09:00 -10:00", "!"),
        ("2026-03-08 09:00 - 10:00", "!"),
        ("2026-03-08 9:00–10:00 Uhr", "!"),
        ("2026年3月8日9:00-10:00", "!"),
        ("2026-03-08 上午9:00-10:00", "!"),
        ("2026-03-08 9:00 AM-10:00", "!"),
        ("2026-03-08 09:00-10", "!"),
        ("2026-03-08 09:00~10:00", "!"),
        ("2026-03-08 10:00 CST", "!"),
        ("2026-03-08 10:00 +99:00", "!"),
        ("2026-03-08 10:00 Asia/Nowhere", "!"),
        ("2026-03-08 Z", "!"),
    ] {
        let shown = read(text, DateOrder::DayFirst);
        let time = shown.split_once(' ').map_or(shown.as_str(), |(_, time)| time);
        assert_eq!(time, expected, "{text}");
    }
}

#[test]
fn two_digits_mean_a_year_by_the_field() {
    let today: Date = "2026-11-28".parse().unwrap();
    let read = |text, years| {
        let reading = DateReading { order: DateOrder::MonthFirst, years };
        read_date(text, reading).unwrap().date.year()
    };
    for (text, around, past) in [
        ("12/31/65", 1965, 1965),
        ("12/31/46", 2046, 1946),
        ("12/31/47", 1947, 1947),
        ("12/31/30", 2030, 1930),
        ("12/31/26", 2026, 2026),
        ("12/31/00", 2000, 2000),
        ("12/31/99", 1999, 1999),
    ] {
        assert_eq!(read(text, TwoDigitYears::around(today)), around, "{text}");
        assert_eq!(read(text, TwoDigitYears::past(today)), past, "{text}");
    }
}

#[test]
fn texts_tell_their_order_or_not() {
    let orders = |text| {
        let found = orders_of(text, years());
        found.iter().map(|(order, _)| format!("{order:?}")).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("13/02/2010", "DayFirst"),
        ("02/13/2010", "MonthFirst"),
        ("01/02/2010", "DayFirst MonthFirst"),
        ("65/12/31", "YearFirst"),
        ("12/31/65", "MonthFirst"),
        ("2010-01-02", ""),
        ("1 Dec 2010", ""),
        ("2010年1月2日", ""),
        ("08-3月-26", ""),
        ("3月8日 2026", ""),
        ("not a date", ""),
    ] {
        assert_eq!(orders(text), expected, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_written_is_read(days in 0..40_000_i32, seconds in 0..86_400_i32) {
        let date = Date::constant(1950, 1, 1).saturating_add(jiff::Span::new().days(days));
        let time = Time::midnight().wrapping_add(jiff::Span::new().seconds(seconds));
        let (y, m, d) = (date.year(), date.month(), date.day());
        for (text, order) in [
            (format!("{d:02}/{m:02}/{y} {time}"), DateOrder::DayFirst),
            (format!("{m}/{d}/{y} {time}"), DateOrder::MonthFirst),
            (format!("{y}年{m}月{d}日 {time}"), DateOrder::MonthFirst),
        ] {
            let read = read_date(&text, DateReading { order, years: years() }).unwrap();
            proptest::prop_assert_eq!((read.date, read.time), (date, Some(time)));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[0-9上下午年月日:/. +a-zT\\-]{0,24}") {
        for order in DateOrder::ALL {
            let _ = read_date(&text, DateReading { order, years: years() });
        }
        let _ = orders_of(&text, years());
    }
}
