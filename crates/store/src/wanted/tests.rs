//! What is found by what.

use std::collections::BTreeSet;

use guanxi_record::Kind;

use super::*;
use crate::terms::of_value;

fn has(terms: &BTreeSet<String>, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Term(term) => {
            terms.contains(&term.text)
                || (term.prefix && terms.iter().any(|known| known.starts_with(&term.text)))
        }
        Wanted::All(all) => all.iter().all(|one| has(terms, one)),
        Wanted::Any(any) => any.iter().any(|one| has(terms, one)),
    }
}

fn finds_value(words: &str, kind: &Kind, text: &str) -> bool {
    let terms = of_value(kind, text);
    of_query(words).is_some_and(|wanted| has(&terms, &wanted))
}

fn finds(words: &str, text: &str) -> bool {
    finds_value(words, &Kind::Text, text)
}

#[test]
fn a_name_is_found_as_people_type_it() {
    for words in [
        "华为",
        "huawei",
        "hw",
        "华为技术",
        "Hua Wei",
        "HWJS",
        "技术",
        "jishu",
        "华",
        "司",
        "ＨＵＡＷＥＩ",
    ] {
        assert!(finds(words, "华为技术有限公司"), "{words}");
    }
    for words in ["为华", "weihua", "", "!!", "华为集团"] {
        assert!(!finds(words, "华为技术有限公司"), "{words}");
    }
    assert!(finds("chongqing", "重庆长安") && finds("changan", "重庆长安"));
    assert!(finds("華為技術", "华为技术有限公司") && finds("台积", "臺灣積體電路台積電"));
    assert!(finds("huaweijishuyouxiangongsi", "华为技术有限公司"));
    assert!(finds("yinhang", "招商银行") && finds("zsyh", "招商银行"));
    assert!(finds("muller", "Müller GmbH") && finds("SO-0012", "SO-001234"));
    assert!(finds("8000", "+8613800138000"));
}

#[test]
fn no_text_breaks_it() {
    for text in ["", "\u{0}\u{301}", "😀😀", &"长".repeat(5_000), "ﷺ", "𠀀𠀁"] {
        assert!(of_value(&Kind::Text, text).len() < 40_000);
        let _ = of_query(text);
    }
}

#[test]
fn telephones_are_found_by_their_digits() {
    for (words, stored) in [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("4155550123", "+14155550123"),
        ("(415) 555-0123", "+14155550123"),
        ("5550123", "+14155550123"),
        ("38000", "+8613800138000"),
        ("0138000", "+8613800138000"),
        ("13800138", "+8613800138000"),
        ("0573-8212345", "05738212345"),
        ("0573-8212345", "+865738212345"),
        ("+86 573 8212345", "05738212345"),
        ("8212345", "05738212345"),
        ("0755-26001234", "075526001234x801"),
    ] {
        assert!(finds_value(words, &Kind::Phone, stored), "{words} {stored}");
    }
    for (words, stored) in [
        ("13800138001", "+8613800138000"),
        ("99999", "+8613800138000"),
        ("800138001", "13800138000"),
    ] {
        assert!(!finds_value(words, &Kind::Phone, stored), "{words} {stored}");
    }
}

#[test]
fn punctuation_inside_names_may_be_left_out() {
    for (words, text) in [
        ("某某汽车中国", "某某汽车（中国）投资有限公司"),
        ("汽车（中国）投资", "某某汽车（中国）投资有限公司"),
        ("mmqczg", "某某汽车（中国）投资有限公司"),
        ("qczgtz", "某某汽车（中国）投资有限公司"),
        ("上海某某", "上海·某某 科技"),
        ("obrien", "O'Brien"),
        ("loreal", "L’Oréal"),
        ("att", "AT&T"),
        ("at&t", "ATT Inc"),
        ("eon", "E.ON SE"),
        ("hlf", "H.L.F."),
        ("cocacola", "Coca-Cola"),
        ("coca cola", "CocaCola"),
        ("cocacola", "Coca Cola"),
        ("spa", "Rossi S.p.A."),
        ("4711", "SO-2026-004711"),
        ("so2026004711", "SO-2026-004711"),
        ("9135 0100 M000", "91350100M000100Y43"),
        ("91350100M000", "9135 0100 M000 100Y"),
    ] {
        assert!(finds(words, text), "{words} {text}");
    }
    assert!(!finds("某某中国", "某某汽车（中国）投资有限公司"));
}

#[test]
fn letters_of_other_alphabets_are_found_by_plain_ones() {
    for (words, text) in [
        ("strasse", "Straße"),
        ("MÜLLERSTRASSE", "Müllerstraße"),
        ("grosse", "Größe"),
        ("GRÖSSE", "Größe"),
        ("mueller", "Müller"),
        ("müller", "Mueller AG"),
        ("isik", "Işık"),
        ("IŞIK", "Işık"),
        ("orsted", "Ørsted"),
        ("lodz", "Łódź"),
        ("dong", "Đồng"),
        ("oeuvre", "œuvre"),
    ] {
        assert!(finds(words, text), "{words} {text}");
    }
}
