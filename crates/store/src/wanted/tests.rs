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
fn as_many_initials_as_people_type_are_found() {
    for (typed, text) in [
        ("gdszhwjs", "广东深圳华为技术有限公司"),
        ("gdszhwjsyxgs", "广东深圳华为技术有限公司"),
        ("zgshjtgfyxgs", "中国石化集团股份有限公司"),
        ("bjzkhygdjsyxgsdyfgs", "北京中科宏远光电技术有限公司第一分公司"),
        ("hwjsyxg", "上海华为技术有限公司"),
        ("cqcaqcgf", "重庆长安汽车股份"),
    ] {
        assert!(finds(typed, text), "{typed} {text}");
    }
    for (typed, text) in
        [("gdszhwjx", "广东深圳华为技术有限公司"), ("zgshjtgfyxgz", "中国石化集团股份有限公司")]
    {
        assert!(!finds(typed, text), "{typed} {text}");
    }
}

#[test]
fn points_and_digits_of_other_scripts_are_found_with_and_without() {
    let pointed = "\u{5e9}\u{5b8}\u{5c1}\u{5dc}\u{5d5}\u{5b9}\u{5dd}";
    let otherwise = "\u{5e9}\u{5c1}\u{5b8}\u{5dc}\u{5d5}\u{5b9}\u{5dd}";
    let drawn = "\u{fb2a}\u{5b8}\u{5dc}\u{fb4b}\u{5dd}";
    let plain = "\u{5e9}\u{5dc}\u{5d5}\u{5dd}";
    for text in [pointed, otherwise, drawn, plain] {
        for typed in [pointed, otherwise, drawn, plain] {
            assert!(finds(typed, text), "{typed} {text}");
        }
    }
    for text in ["SO-2026", "SO-\u{662}\u{660}\u{662}\u{666}", "SO-\u{968}\u{966}\u{968}\u{96c}"] {
        for typed in ["2026", "\u{e52}\u{e50}\u{e52}\u{e56}", "so-\u{6f2}\u{6f0}\u{6f2}\u{6f6}"] {
            assert!(finds(typed, text), "{typed} {text}");
        }
    }
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
        ("+8613911110001", "13911110001"),
        ("+852 2345 6780", "85223456780"),
        ("+7 495 123-45-67", "84951234567"),
        ("23456780", "85223456780"),
    ] {
        assert!(finds_value(words, &Kind::Phone, stored), "{words} {stored}");
    }
    for (words, stored) in [
        ("13800138001", "+8613800138000"),
        ("99999", "+8613800138000"),
        ("800138001", "13800138000"),
        ("+8613911110001", "+8613911110002"),
        ("+8613911110001", "008613911110004"),
        ("+498912345678901", "+498912345678902"),
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
        ("91350100m000100y43", "9135 0100 M000 100Y 43"),
        ("9135 0100 M000 100Y 43", "91350100M000100Y43"),
        ("donaudampfschifffahrt", "Donaudampfschifffahrtsgesellschaft"),
    ] {
        assert!(finds(words, text), "{words} {text}");
    }
    for (words, text) in [
        ("91310000MA1FL9999X", "91310000MA1FL5678Y"),
        ("9131 0000 MA1F L999 9X", "91310000MA1FL5678Y"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013099"),
        ("donaudampfschifffahrt", "Donaudampfschleuse"),
    ] {
        assert!(!finds(words, text), "{words} {text}");
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

const SCRIPTS: [&str; 28] = [
    "ไทยพาณิชย์",
    "ธนาคารกรุงเทพ จำกัด",
    "हिन्दी ट्रेडर्स",
    "शर्मा एंड सन्स",
    "தமிழ் நிறுவனம்",
    "বাংলা কোম্পানি",
    "ភ្នំពេញ ពាណិជ្ជ",
    "မြန်မာကုမ္ပဏီ",
    "ລາວ ການຄ້າ",
    "తెలుగు సంస్థ",
    "ಕನ್ನಡ ಕಂಪನಿ",
    "മലയാളം കമ്പനി",
    "ગુજરાતી વેપાર",
    "ਪੰਜਾਬੀ ਵਪਾਰ",
    "සිංහල සමාගම",
    "བོད་ཡིག་ཚོང་ཁང",
    "한국전자",
    "ひらがな株式会社",
    "カタカナ・ハウス",
    "ქართული ბანკი",
    "ᲓᲔᲛᲝ",
    "Հայկական Բանկ",
    "አማርኛ ንግድ",
    "𞤀𞤁𞤂 𞤃𞤄",
    "ᏣᎳᎩ ꭰꭱ",
    "ꆈꌠꁱꂷ",
    "𬬭𬀩𰻞",
    "شركة النُّور",
];

#[test]
fn a_name_in_any_script_is_found_by_itself() {
    for text in SCRIPTS {
        assert!(finds(text, text), "{text}");
        for word in text.split_whitespace() {
            assert!(finds(word, text), "{word}");
            let start: String = word.chars().take(2).collect();
            assert!(finds(&start, text), "{start} of {text}");
        }
        for other in SCRIPTS.iter().filter(|other| **other != text) {
            assert!(!finds(text, other), "{text} {other}");
        }
    }
    // A vowel sign is not in every name.
    assert!(!finds("\u{93f}", "Acme") && !finds("\u{93f}", "ไทยพาณิชย์"));
    // What joins letters is typed or not.
    assert!(finds("क्ष", "क्\u{200d}ष") && finds("می‌خواهم", "میخواهم"));
}

#[test]
fn no_database_takes_a_term_apart() {
    let is_kept = |c: char| {
        c.is_ascii_digit() || c.is_alphabetic() && !guanxi_base::folded(&c.to_string()).is_empty()
    };
    for code in 0..=0x10_ffff {
        let Some(c) = char::from_u32(code).filter(|c| guanxi_base::is_of_word(*c)) else {
            continue;
        };
        let spelled = crate::terms::spelled(&c.to_string());
        assert!(spelled.chars().all(is_kept), "{c} {spelled}");
        // One or two letters, by the first of which they are told apart.
        let first = spelled.chars().next().unwrap();
        assert_eq!(('\u{a000}'..='\u{a48c}').contains(&first), spelled.chars().count() == 2);
    }
}

#[test]
fn the_sound_is_typed_in_several_ways() {
    for (text, typed) in [
        ("绿地控股", &["lvdi", "lüdi", "ludi", "lyudi", "LÜDI"][..]),
        ("吕布商行", &["lvbu", "lübu", "lubu", "lyubu"]),
        ("女娲建材", &["nvwa", "nüwa", "nuwa", "nyuwa"]),
        ("略阳机械", &["lveyang", "lüeyang", "lueyang", "lyueyang"]),
        ("率先电子", &["shuaixian"]),
        ("莘庄地产", &["xinzhuang"]),
        ("万俟贸易", &["moqi", "mqmy"]),
        ("上海万俟贸易", &["shanghaimoqi"]),
        ("蔚县剪纸", &["yuxian"]),
        ("铅山矿业", &["yanshan", "qianshan"]),
        ("浒墅关镇", &["xushuguan"]),
        ("十里堡店", &["shilipu", "shilibao"]),
        ("单于网络", &["chanyu", "danyu"]),
        ("东阿阿胶", &["donge", "donga"]),
        ("六安瓜片", &["luan", "liuan"]),
    ] {
        for words in typed {
            assert!(finds(words, text), "{words} {text}");
        }
    }
    assert!(!finds("lyudi", "陆地"));
}
