//! Formats as spreadsheets of several countries write them.

use super::super::format_words::Doubt;
use super::*;

#[test]
fn numbers_that_stand_for_texts_keep_their_zeros_and_letters() {
    for (code, number, expected) in [
        ("00000", 42.0, Some("00042")),
        ("00000\\-0000", 120_042.0, Some("00012-0042")),
        ("00000-0000", 120_042.0, Some("00012-0042")),
        ("[$-804]00000", 42.0, Some("00042")),
        ("[Blue]00000", 42.0, Some("00042")),
        ("00000_ ", 42.0, Some("00042")),
        ("_-00000_-", 42.0, Some("00042")),
        ("* 00000", 42.0, Some("00042")),
        ("\"SO-\"0000", 42.0, Some("SO-0042")),
        ("\"SO-\"0", 42.0, Some("SO-42")),
        ("\\S\\O0000", 12_345.0, Some("SO12345")),
        ("000 000", 42.0, Some("000 042")),
        ("000,000", 1_042.0, Some("001,042")),
        ("0000.00", 42.5, Some("0042.50")),
        ("0000.0", 42.25, None),
        ("0000", 42.5, None),
        ("00000;-00000", 42.0, Some("00042")),
        ("00000;-00000;\"none\"", 0.0, None),
        ("00000", 0.0, Some("00000")),
        ("000\"-\"00\"-\"0000", 78_051_120.0, Some("078-05-1120")),
        ("[<=99999]00000;00000\\-0000", 501.0, Some("00501")),
        ("[<=99999]00000;00000\\-0000", 123_456.0, Some("00012-3456")),
        ("[<100]00;General", 5.0, Some("05")),
        ("[<100]00;General", 500.0, None),
        ("0000/00", 202_603.0, Some("2026/03")),
        ("0", 42.0, None),
        ("General", 42.0, None),
        ("#,##0", 1_234.0, None),
        ("0.00", 1.5, None),
        ("0\"% of\"", 7.0, None),
        ("\"$\"0", 7.0, None),
        ("\"EUR \"0", 7.0, None),
        ("# ?/?", 0.5, None),
        ("00000", -42.0, None),
        ("0.00E+00", 42.0, None),
        ("00%", 0.5, None),
        ("00,", 4_000.0, None),
    ] {
        let plain = crate::exchange::numbers::fifteen_digits(number).unwrap();
        let shown = NumberFormat::read(code).shown(number, &plain);
        assert_eq!(shown.as_deref(), expected, "{code} of {number}");
    }
}

#[test]
fn moments_are_told_from_numbers() {
    for (code, expected) in [
        ("yyyy-mm-dd", FormatKind::Moment),
        ("[$-804]yyyy\"年\"m\"月\"d\"日\"", FormatKind::Moment),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", FormatKind::Moment),
        ("hh:mm:ss.000", FormatKind::Moment),
        ("mmss.0", FormatKind::Moment),
        ("h:mm AM/PM", FormatKind::Moment),
        ("[$-404]e/m/d", FormatKind::Moment),
        ("*-yyyy-mm-dd", FormatKind::Moment),
        ("[h]:mm:ss", FormatKind::Duration),
        ("[Blue]\\+[h]:mm;[Red]\\-[h]:mm", FormatKind::Duration),
        ("[ss].00", FormatKind::Duration),
        ("[DBNum1][$-804]General", FormatKind::Number),
        ("General", FormatKind::Number),
        ("GENERAL\" h\"", FormatKind::Number),
        ("#,##0 \"d\"", FormatKind::Number),
        ("#,##0.00 USD", FormatKind::Number),
        ("#,##0\\ _M", FormatKind::Number),
        ("0\"x\"*d", FormatKind::Number),
        ("[Red]0.0", FormatKind::Number),
        ("", FormatKind::Number),
    ] {
        assert_eq!(NumberFormat::read(code).kind(1.0), expected, "{code}");
    }
}

#[test]
fn words_of_formats_tell_the_currency_or_are_doubtful() {
    for (code, expected) in [
        ("#,##0.00 [$€-407]", "EUR"),
        ("[$€-2]\\ #,##0.00", "EUR"),
        ("[$€-x-euro2]\\ #,##0.00", "EUR"),
        ("[$€-x-euro1] #,##0.00", "EUR"),
        ("#,##0.00\\ [$EUR-x-euro3]", "EUR"),
        ("[$$-409]#,##0.00", "USD"),
        ("[$$-en-US]#,##0.00", "USD"),
        ("[$$-en-CA]#,##0.00", "CAD"),
        ("[$£-en-GB]#,##0.00", "GBP"),
        ("[$¥-ja-JP]#,##0", "JPY"),
        ("[$¥-804]#,##0.00", "CNY"),
        ("[$￥-411]#,##0", "JPY"),
        ("[$HK$-zh-HK]#,##0.00", "HKD"),
        ("[$EUR] #,##0.00", "EUR"),
        ("\"£\"#,##0.00;[Red]-\"£\"#,##0.00", "GBP"),
        ("#,##0.00\\ \"CHF\"", "CHF"),
        ("#,##0.00 USD", "USD"),
        ("_-* #,##0.00\\ €_-;-* #,##0.00\\ €_-;_-* \"-\"??\\ €_-", "EUR"),
        ("#,##0.00\\ \"€/kg\"", "EUR"),
        ("#,##0.00\"元/件\"", "CNY TWD HKD MOP"),
        ("#,##0.00\"元\"", "CNY TWD HKD MOP"),
        ("#,##0.00_€", ""),
        ("#,##0.00_-_€*€", ""),
        ("[$-409]#,##0", ""),
        ("#,##0.00", ""),
        ("#,##0.00_);(#,##0.00)", ""),
        ("[Red]0.0", ""),
        ("[DBNum2][$-804]General", ""),
        // What is not known, or shown in thousands and is none.
        ("[$₿-x]#,##0.00", "?"),
        ("[$XYZW] #,##0", "?"),
        ("#,##0\"万元\"", "CNY TWD HKD MOP !"),
        ("#,##0\"万美元\"", "USD !"),
        ("0.0\"亿\"", "!"),
        ("#,##0\"千元\"", "CNY TWD HKD MOP ?"),
        ("#,##0\"k€\"", "EUR ?"),
        ("#,##0 \"T€\"", "EUR ?"),
        ("#,##0\" Mio. €\"", "EUR !"),
        ("0.0 \"Mrd.\"", "!"),
        ("#,##0\"m\"", "?"),
        ("#,##0 \"net\"", "?"),
        // Shown in thousands, and divided by them: the number itself is whole.
        ("#,##0,\"k€\"", "EUR"),
        ("#,##0.0,,\" Mio. €\"", "EUR"),
        ("#,##0,\"千元\"", "CNY TWD HKD MOP"),
        ("0!.0,\"万\"", ""),
        ("0!.0000\"万元\"", "CNY TWD HKD MOP"),
        ("0.00,,\"亿\"", "!"),
        ("#,##0,", ""),
    ] {
        let words = NumberFormat::read(code).words(1.0);
        let currencies = words.sign.map_or(&[][..], |sign| sign.currencies);
        let doubt = match words.doubt {
            Some(Doubt::Amount) => Some("?".to_owned()),
            Some(Doubt::AnyNumber) => Some("!".to_owned()),
            None => None,
        };
        let codes = currencies.iter().map(|one| one.code().to_owned());
        assert_eq!(codes.chain(doubt).collect::<Vec<_>>().join(" "), expected, "{code}");
    }
}

#[test]
fn each_number_is_read_by_the_section_that_shows_it() {
    for (code, number, kind, is_percent) in [
        ("[=0]\"-\";0.0%", 0.15, FormatKind::Number, true),
        ("[=0]\"\";yyyy-mm-dd", 46_089.0, FormatKind::Moment, false),
        ("[=0]\"\";yyyy-mm-dd;@", 46_089.0, FormatKind::Moment, false),
        ("[>1]0.0;0%", 0.5, FormatKind::Number, true),
        ("[>1]0.0;0%", 2.0, FormatKind::Number, false),
        ("yyyy-mm-dd;@", -1.0, FormatKind::Moment, false),
        ("[<1]h:mm;[h]:mm", 2.0, FormatKind::Duration, false),
    ] {
        let format = NumberFormat::read(code);
        assert_eq!((format.kind(number), format.is_percent(number)), (kind, is_percent), "{code}");
    }
}

#[test]
fn words_of_another_section_say_nothing_of_a_number() {
    for code in [
        "#,##0.00;-#,##0.00;\"无\"",
        "#,##0.00;-#,##0.00;\"免费\"",
        "0.00;-0.00;\"nil\";@",
        "#,##0.00;\"亏\"#,##0.00",
    ] {
        assert_eq!(NumberFormat::read(code).words(1_234.5).doubt, None, "{code}");
    }
    let shown = NumberFormat::read("0.00;0.0\"万元\"");
    assert_eq!(shown.words(5.0).doubt, None);
    assert_eq!(shown.words(-5.0).doubt, Some(Doubt::AnyNumber));
    let zero = NumberFormat::read("[$USD] #,##0.00;-[$USD] #,##0.00;\"-\"").words(0.0);
    assert_eq!(zero.sign.map(|sign| sign.currencies.len()), Some(1));
}
