//! Names of columns and titles above tables that say what numbers count in, and such that only look
//! so. A limit that is ten thousand times too small is worse than a question.

use super::*;

fn shown(unit: Option<Unit>) -> String {
    let Some(unit) = unit else { return String::new() };
    let codes = unit.sign.map_or(&[][..], |sign| sign.currencies);
    let codes: Vec<&str> = codes.iter().map(|currency| currency.code()).collect();
    let doubt = if unit.sure == Sure::Always { "" } else { "?" };
    let things = if unit.of_things { "things " } else { "" };
    format!("{}{doubt} {things}{}", unit.power, codes.join("/")).trim_end().to_owned()
}

#[test]
fn columns_say_what_they_count_in() {
    let yuan = "CNY/TWD/HKD/MOP";
    for (name, expected, bare) in [
        ("Price (USD)", "0 USD", "Price"),
        ("Preis [€]", "0 EUR", "Preis"),
        ("金额（人民币）", "0 CNY", "金额"),
        ("信用额度(万元)", &*format!("4 {yuan}"), "信用额度"),
        ("金额（单位：千元）", &format!("3 {yuan}"), "金额"),
        ("Revenue (in thousands)", "3", "Revenue"),
        ("Umsatz (TEUR)", "3 EUR", "Umsatz"),
        ("额度万元", &format!("4 {yuan}"), "额度"),
        ("额度 万元", &format!("4 {yuan}"), "额度"),
        ("额度_万元", &format!("4 {yuan}"), "额度"),
        ("额度：人民币万元", "4 CNY", "额度"),
        ("额度亿美元", "8 USD", "额度"),
        ("额度千元", &format!("3 {yuan}"), "额度"),
        ("金额/万", "4", "金额"),
        ("金额/万元", &format!("4 {yuan}"), "金额"),
        ("金额TEUR", "3 EUR", "金额"),
        ("额度万", "4?", "额度"),
        ("单价(元/万件)", &format!("0 {yuan}"), "单价"),
        ("人数（万人）", "4 things", "人数"),
        ("Limit in k€", "3 EUR", "Limit"),
        ("Limit (k€)(max)", "3 EUR", "Limit"),
        ("Limit k-EUR", "3 EUR", "Limit"),
        ("credit_limit_keur", "3 EUR", "credit_limit"),
        ("Umsatz in TEUR", "3 EUR", "Umsatz"),
        ("Umsatz T€", "3 EUR", "Umsatz"),
        ("Umsatz Tsd. EUR", "3 EUR", "Umsatz"),
        ("Umsatz in Mio. €", "6 EUR", "Umsatz"),
        ("Umsatz in 1.000 EUR", "3 EUR", "Umsatz"),
        ("Umsatz in TEUR netto", "3 EUR", "Umsatz in TEUR netto"),
        ("TEUR Umsatz", "3 EUR", "TEUR Umsatz"),
        ("Amount USD k", "3 USD", "Amount"),
        ("Amount USD", "0 USD", "Amount"),
        ("Revenue $m", "6 USD/", "Revenue"),
        ("Revenue US$ millions", "6 USD", "Revenue"),
        ("Revenue RMB'000", "3 CNY", "Revenue"),
        ("Revenue ('000)", "3", "Revenue"),
        ("Sales, thousands of EUR", "3 EUR", "Sales"),
        ("Umsatz (in Millionen)", "6", "Umsatz"),
        ("k€", "3 EUR", "k€"),
        ("万元", &format!("4 {yuan}"), "万元"),
        ("Limit (k)", "3?", "Limit"),
        ("Limit k", "3?", "Limit"),
        ("Limit in m", "6?", "Limit"),
        ("Umsatz EUR 1000", "3? EUR", "Umsatz"),
    ] {
        let (unit, name_alone) = unit_of(name);
        let shown = shown(unit);
        let is_it = shown == expected || (expected.ends_with('/') && shown.starts_with(expected));
        assert!(is_it, "{name}: {shown}");
        assert_eq!(name_alone, bare, "{name}");
    }
}

#[test]
fn other_names_say_nothing() {
    for name in [
        "Price",
        "(USD)",
        "K",
        "DM",
        "mm",
        "Kilo",
        "Preis DM",
        "Preis mm",
        "Preis kilo",
        "Strecke (km)",
        "Länge mm",
        "重量（千克）",
        "Price (net)",
        "Price (all)",
        "Umsatz mtl.",
        "Amount ttl",
        "PRICE ALL",
        "Betrag Mrs",
        "百分比",
        "折扣百分比",
        "每万元",
        "手续费每万元",
        "Zahl 2000",
        "联系人",
        "万科地产",
        "Team",
        "Preis pro k",
        "Amount m",
        "Preis t",
        "Preis/k",
        "Top",
        "单价/万件",
        "Limit R",
    ] {
        assert_eq!(shown(unit_of(name).0), "", "{name}");
    }
    assert_eq!(shown(unit_of("Preis EUR/t").0), "0 EUR");
}

#[test]
fn titles_say_what_the_amounts_below_count_in() {
    let yuan = "CNY/TWD/HKD/MOP";
    for (title, expected) in [
        ("单位：万元", &*format!("4 {yuan}")),
        ("单位:人民币千元", "3 CNY"),
        ("（金额单位：万元）", &format!("4 {yuan}")),
        ("客户额度表（单位：万元）", &format!("4 {yuan}")),
        ("2026年客户额度表 单位：万元 制表人：李四", &format!("4 {yuan}")),
        ("币种：美元 单位：万元", "4 USD"),
        ("客户额度表（万元）", &format!("4 {yuan}")),
        ("单位：元", &format!("0 {yuan}")),
        ("单位：万件", "4 things"),
        ("Unit: RMB'000", "3 CNY"),
        ("in thousands of EUR", "3 EUR"),
        ("All amounts in thousands of EUR", "3 EUR"),
        ("USD in thousands", "3 USD"),
        ("(in millions, except per share)", "6"),
        ("Angaben in TEUR", "3 EUR"),
        ("Alle Beträge in Tsd. EUR", "3 EUR"),
        ("Werte in Mio. € (netto)", "6 EUR"),
        ("Umsatzliste (TEUR)", "3 EUR"),
        ("Angaben in EUR", "0 EUR"),
        ("Figures in thousands", "3?"),
        ("TEUR", "3? EUR"),
        ("Kontakt in K", ""),
        ("使用单位：上海某某公司", ""),
        ("单位名称：万科", ""),
        ("Made in all parts", ""),
        ("Community: EUR", ""),
        ("Umsatzliste 2026", ""),
        ("Stand 1000", ""),
    ] {
        assert_eq!(shown(stated_unit(title)), expected, "{title}");
    }
}

#[test]
fn names_and_titles_must_agree() {
    let said = |kind: &Kind, name: &str, titles: &[&str]| {
        let titles: Vec<Unit> = titles.iter().filter_map(|title| stated_unit(title)).collect();
        let said = CountsIn::said(kind, unit_of(name).0.as_ref(), &titles);
        match said.certainty {
            Certainty::Clear => said.power.to_string(),
            Certainty::Ambiguous => format!("? {:?}", said.others),
            _ => String::new(),
        }
    };
    for (kind, name, titles, expected) in [
        (Kind::Money, "Limit", &["单位：万元"][..], "4"),
        (Kind::Money, "Limit (EUR)", &["(in thousands)"], "3"),
        (Kind::Money, "Limit (TEUR)", &["Angaben in TEUR"], "3"),
        (Kind::Money, "金额（万元）", &["单位：元"], "? [0, 4]"),
        (Kind::Money, "金额（元）", &["单位：万元"], "? [0, 4]"),
        (Kind::Money, "Limit (TEUR)", &["in millions of EUR"], "? [0, 3, 6]"),
        (Kind::Money, "Limit", &["Figures in thousands"], "? [0, 3]"),
        (Kind::Money, "Limit", &["单位：万件"], ""),
        (Kind::Money, "Limit (k)", &[], "? [0, 3]"),
        (Kind::Integer, "人数（万人）", &[], "4"),
        (Kind::Integer, "Employees", &["单位：万元"], ""),
        (Kind::Integer, "Employees", &["(in thousands)"], "? [0, 3]"),
        (Kind::Decimal, "Length (m)", &[], ""),
        (Kind::Decimal, "Weight (k)", &[], ""),
        (Kind::Percent, "Share (in thousands)", &["单位：万元"], ""),
        (Kind::Text, "Kontakt in K", &["单位：万元"], ""),
    ] {
        assert_eq!(said(&kind, name, titles), expected, "{name} {titles:?}");
    }
}
