//! Names, codes, pairs and groups.

use proptest::prelude::*;

use super::credit_code::Fault;
use super::normalise::{Company, address, company, fold, is_placeholder, letters, person, phone};
use super::*;

#[test]
fn names_of_companies() {
    for (name, core, region) in [
        ("深圳市腾讯计算机系统有限公司", "腾讯计算机系统", Some("深圳")),
        ("騰訊計算機系統（深圳）有限公司", "腾讯计算机系统", Some("深圳")),
        ("华为技术有限公司", "华为技术", None),
        ("阿里巴巴(中国)网络技术有限公司", "阿里巴巴网络技术", Some("中国")),
        ("广东省广州市白云山制药股份有限公司", "白云山制药", Some("广东")),
        ("北京集团公司", "北京", None),
        ("ＡＢＣ貿易有限公司", "abc贸易", None),
        ("The Coca-Cola Company", "coca cola", None),
        ("Müller & Söhne GmbH & Co. KG", "muller sohne", None),
        ("Limited Ltd.", "limited", None),
        ("暂无", "", None),
    ] {
        let found = company(name);
        assert_eq!((found.core.as_str(), found.regions.first().copied()), (core, region), "{name}");
        assert_eq!(Company::of_key(&found.key()).core, core);
    }
}

#[test]
fn companies_are_taken_apart() {
    for (name, house, trade, form, branch) in [
        ("上海恒达机械有限公司", "恒达", "机械", "limited", ""),
        ("恒达国际贸易股份公司", "恒达", "国际贸易", "shares", ""),
        ("恒达机械有限公司杭州分公司", "恒达", "机械", "limited", "杭州"),
        ("恒达银行北京分行", "恒达", "银行", "", "北京"),
        ("恒达五金经营部", "恒达", "五金", "sole", ""),
        ("Bravo Trading Ltd", "bravo", "trading", "ltd", ""),
    ] {
        let found = company(name);
        let parts = (found.house.as_str(), found.trade.trim(), found.form, found.branch.as_str());
        assert_eq!(parts, (house, trade, form, branch), "{name}");
        assert_eq!(Company::of_key(&found.key()), found);
    }
}

/// Sister companies are of one house, and no match by that.
#[test]
fn companies_of_one_house_are_told_apart() {
    let level = |one: &str, other: &str| {
        compare(Comparison::Company, &company(one).key(), &company(other).key())
    };
    for (one, other, wanted) in [
        ("上海恒达机械有限公司", "上海恒达机械有限责任公司", Level::Equal),
        ("上海恒达机械有限公司", "恒达机械（上海）有限公司", Level::Equal),
        ("上海恒达机械有限公司", "恒达机械有限公司", Level::Close),
        ("上海恒达机械有限公司", "上海恒达", Level::Close),
        ("上海恒达机械有限公司", "北京恒达机械有限公司", Level::Related),
        ("上海恒达机械有限公司", "上海恒达投资有限公司", Level::Related),
        ("上海恒达机械有限公司", "上海恒达机械股份有限公司", Level::Related),
        ("上海恒达机械有限公司", "上海恒达机械有限公司苏州分公司", Level::Related),
        ("恒达机械有限公司", "恒达机械集团有限公司", Level::Related),
        ("恒达机械（中国）有限公司", "上海恒达机械有限公司", Level::Related),
        ("广东恒达机械有限公司", "深圳恒达机械有限公司", Level::Close),
        ("上海恒达机械有限公司", "上海亨大机械有限公司", Level::SameLetters),
        ("上海恒达机械有限公司", "上海恒远机械有限公司", Level::Different),
        ("Bravo Trading Ltd", "Bravo Shipping Ltd", Level::Related),
        ("(주)한빛전자", "한빛전자 주식회사", Level::Equal),
        ("ООО «Вектор Плюс»", "Вектор Плюс ООО", Level::Equal),
        ("有限会社サトウ製作所", "サトウ製作所", Level::Close),
        ("Bravo Trading Ltd", "Trading Bravo Limited", Level::SameLetters),
        ("Bravo Trading Ltd", "Bravo Trading GmbH", Level::Related),
        ("Bravo Trading Ltd", "Bravo Trading Company", Level::Equal),
        ("武汉安康物流有限公司", "天津安康物流有限公司", Level::Related),
        ("Bravo International", "Bravo Intl.", Level::Close),
        ("Bravo Harbour Trading", "Bravo Valley Trading", Level::Different),
    ] {
        assert_eq!(level(one, other), wanted, "{one} {other}");
        assert_eq!(level(other, one), wanted, "{other} {one}");
    }
    let person = person("朱明");
    assert_eq!(compare(Comparison::Company, &company("朱明").key(), &person), Level::Equal);
}

/// What is numbered, lettered or named after a side is two, and so are given names.
#[test]
fn what_tells_apart_makes_two() {
    for (one, other, wanted) in [
        ("西安岚骥五期置业有限公司", "西安岚骥六期置业有限公司", Level::Related),
        ("杭州麓棠第六幼儿园", "杭州麓棠第九幼儿园", Level::Related),
        ("中铁十一局集团有限公司", "中铁十二局集团有限公司", Level::Related),
        ("中铁十局集团有限公司", "中铁二十局集团有限公司", Level::Related),
        ("宁波汐榆一号投资有限公司", "宁波汐榆1号投资有限公司", Level::Close),
        ("宁波汐榆一号投资有限公司", "宁波汐榆12号投资有限公司", Level::Related),
        ("沐岚鼎A座管理处", "沐岚鼎B座管理处", Level::Related),
        ("宁波沐岚甲投资中心（有限合伙）", "宁波沐岚乙投资中心（有限合伙）", Level::Related),
        ("沐岚鼎东区物业管理有限公司", "沐岚鼎西区物业管理有限公司", Level::Related),
        ("沐岚鼎新区物业管理有限公司", "沐岚鼎老区物业管理有限公司", Level::Related),
        ("沐岚鼎盛物业管理有限公司", "沐岚鼎胜物业管理有限公司", Level::SameLetters),
        ("永固机械有限公司", "永固大药房望江店", Level::Related),
        ("Larkham Fund II LP", "Larkham Fund III LP", Level::Related),
        ("Penny Lane Bakery Store 12", "Penny Lane Bakery Store 21", Level::Related),
        ("Oakes Estates Northside Ltd", "Oakes Estates Southside Ltd", Level::Related),
        ("Oakes Harbour Trading Ltd", "Oakes Harbuor Trading Ltd", Level::Close),
        ("Langdale Electronics Ltd", "Langdale Electromechanics Ltd", Level::Related),
        ("Langdale Tech Ltd", "Langdale Technology Ltd", Level::Close),
        ("Haldane Pet Ltd", "Haldane Petroleum Ltd", Level::Different),
        ("Drayton Art Ltd", "Drayton Architects Ltd", Level::Different),
        ("St Mary School", "St Mark School", Level::Different),
        ("Fjordholm Marine AS", "Fjordholm Marine Oy", Level::Related),
        ("Blue Harbor LLC", "Blue Harbor LLP", Level::Related),
        ("Kronberg Capital LP", "Kronberg Capital KG", Level::Related),
        ("Nordic Foods Sp. z o.o.", "Nordic Foods S.A.", Level::Related),
        ("Nordic Foods Sp. z o.o.", "Nordic Foods", Level::Equal),
        ("檀香木业有限公司", "檀香木业厂", Level::Related),
        ("上海新华印务有限公司", "上海华新印务有限公司", Level::Different),
        ("中国农业银行龙华支行", "中国农业银行龙岗支行", Level::Related),
        ("老城根火锅（万达店）", "老城根火锅（万象店）", Level::Related),
    ] {
        let level = |one: &str, other: &str| {
            compare(Comparison::Company, &company(one).key(), &company(other).key())
        };
        assert_eq!(level(one, other), wanted, "{one} {other}");
        assert_eq!(level(other, one), wanted, "{other} {one}");
    }
    for (one, other, wanted) in [
        ("Erik Petrov", "Erika Petrov", Level::Related),
        ("Anna Lindgren", "Hanna Lindgren", Level::Related),
        ("Jon Kimura", "Jan Kimura", Level::Related),
        ("Hugo Lindberg", "Hugo Lindberg Jr.", Level::Related),
        ("Katherine Fischer", "Kathrine Fischer", Level::Close),
        ("Katherine Fischer", "Fischer, Katherine", Level::Equal),
        ("Katherine Fischer", "Fischer Katherine", Level::SameLetters),
        ("Weber, Anna", "Weber, Hanna", Level::Related),
        ("Nguyen Van An", "Nguyen Van Anh", Level::Related),
        ("Wang Jianguo", "Wang Jianhua", Level::Related),
        ("Arnold Weber", "Roland Weber", Level::Related),
        ("Diana Silva", "Nadia Silva", Level::Related),
        ("Mariana Silva", "Marina Silva", Level::Related),
        ("Michel Roth", "Michael Roth", Level::Related),
        ("Dr. Felix Baumgarten", "Felix Baumgarten", Level::Equal),
        ("王晓明先生", "王晓明", Level::Equal),
        ("吴浩璇", "吴浩宣", Level::Similar),
        ("吴浩璇", "吴浩然", Level::Related),
        ("李小明", "Li Xiaoming", Level::SameLetters),
    ] {
        let level = compare(Comparison::Company, &person(one), &person(other));
        assert_eq!(level, wanted, "{one} {other}");
    }
}

#[test]
fn places_and_mails_are_compared_as_what_they_are() {
    let place = |city: &str, name: &str| normalise::place(["", city], "", &company(name).key());
    for (one, other, wanted) in [
        (place("杭州市", ""), place("杭州", "苏州恒达机械有限公司"), Level::Equal),
        (place("杭州市", ""), place("苏州市", ""), Level::Different),
        (place("", "杭州恒达机械有限公司"), place("苏州市", ""), Level::Different),
        (place("", "浙江恒达机械有限公司"), place("杭州市", ""), Level::Similar),
        (place("", "浙江恒达机械有限公司"), place("上海市", ""), Level::Different),
        (place("New York", ""), place("new york", ""), Level::Equal),
        (place("Leeds", ""), place("Hamburg", ""), Level::Different),
    ] {
        assert_eq!(compare(Comparison::Place, &one, &other), wanted, "{one} {other}");
    }
    let mail = |one, other| compare(Comparison::Mail, one, other);
    assert_eq!(mail("julia.moreau70@gmail.com", "julia.moreau20@gmail.com"), Level::Different);
    assert_eq!(mail("julia.moreau70@gmail.com", "julia.moraeu70@gmail.com"), Level::Close);
    assert_eq!(mail("327351132@qq.com", "327351123@qq.com"), Level::Close);
}

/// What stands for nothing is no value.
#[test]
fn placeholders_are_no_values() {
    for text in ["无", "不详", "暂无", "n/a", "N.A.", "-", "--", "none", "测试", "散客", ""]
    {
        assert!(is_placeholder(text), "{text}");
    }
    for text in ["000000", "123456", "11111111111", "13800000000", "0000-0000000", "987654321"] {
        assert_eq!(phone(text), None, "{text}");
    }
    for text in ["test@firm.example", "none@none.com", "noreply@firm.example", "123@qq.com"] {
        assert_eq!(normalise::email(text), None, "{text}");
    }
    for text in ["无", "000000000000000000", "-", "123456789"] {
        assert_eq!(normalise::registered(text), None, "{text}");
    }
    assert!(phone("13800001111").is_some() && normalise::email("info@firm.example").is_some());
    for number in ["exempt", "not registered", "筹备中", "正在办理", "未申报"] {
        assert_eq!(normalise::registered(number), None, "{number}");
    }
    assert_eq!(phone("12121212"), None);
    for address in ["111@qq.com", "nobody@gmail.com", "weitian@qq.com"] {
        assert_eq!(normalise::email(address), None, "{address}");
    }
}

#[test]
fn names_telephones_addresses() {
    assert_eq!(fold("　Ｌｉ　明　"), "li 明");
    assert_eq!(letters("李小明"), letters("Li, Xiaoming"));
    assert_eq!(letters("李小明"), letters("Xiao-Ming LI"));
    assert_ne!(letters("李小明"), letters("李小红"));
    assert_eq!(person("O'Neill, JOSÉ "), "jose oneill");
    let one = Some("13800138000+86".to_owned());
    for text in [
        "13800138000",
        "+86 138 0013 8000",
        "8613800138000",
        "(+86)138-0013-8000",
        "１３８００１３８０００",
    ] {
        assert_eq!(phone(text), one, "{text}");
    }
    assert_eq!(phone("0755-26001234 转 801"), Some("75526001234x801".to_owned()));
    assert_eq!(phone("+44 (0)20 7946 0000"), Some("2079460000+44".to_owned()));
    for text in ["", "-", "12", "1234567890123456789"] {
        assert_eq!(phone(text), None, "{text}");
    }
    let same = |one: &str, other: &str| {
        let (one, other) = (phone(one).unwrap(), phone(other).unwrap());
        compare(Comparison::Telephone, &one, &other)
    };
    assert_eq!(same("+86 755 2600 1234", "0755-26001234"), Level::Equal);
    assert_eq!(same("0755-26001234 转 801", "0755-26001234"), Level::Equal);
    assert_eq!(same("0755-26001234 转 801", "0755-26001234 转 802"), Level::Different);
    assert_eq!(same("+65 6123 4567", "+852 6123 4567"), Level::Different);
    assert_eq!(same("0755-26001234", "0755-26001243"), Level::Close);
    let one = address("广东省深圳市南山区科技园路1号");
    assert_eq!(one, address("广东深圳南山区科技园路１号"));
    assert_eq!(address("12 Main St., Apt 4"), "12 main street apartment 4");
}

#[test]
fn credit_codes() {
    // That of a company in the examples of the standard's users.
    let code = "91350100M000100Y43";
    assert_eq!(credit_code::check(code), Ok(code.to_owned()));
    assert_eq!(credit_code::check("９１３５０１００Ｍ０００１００Ｙ４３"), Ok(code.to_owned()));
    assert_eq!(credit_code::check("9135"), Err(Fault::Length(4)));
    assert_eq!(credit_code::check("91350100M000100Y4I"), Err(Fault::Character('I')));
}

proptest! {
    /// Any single wrong character and any swap of neighbours is noticed.
    #[test]
    fn credit_codes_notice_slips(place in 0_usize..18, other in 0_usize..31) {
        let code = "91350100M000100Y43";
        let mut characters: Vec<char> = code.chars().collect();
        let wrong = char::from(b"0123456789ABCDEFGHJKLMNPQRTUWXY"[other]);
        prop_assume!(characters[place] != wrong);
        characters[place] = wrong;
        let text: String = characters.iter().collect();
        prop_assert_eq!(credit_code::check(&text), Err(Fault::CheckCharacter));
        if place > 0 {
            let mut swapped: Vec<char> = code.chars().collect();
            swapped.swap(place - 1, place);
            let text: String = swapped.iter().collect();
            let same = text == code;
            prop_assert_eq!(credit_code::check(&text).is_ok(), same);
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>()) {
        let company = company(&text);
        prop_assert!(company.core.len() <= 12 * text.len());
        prop_assert_eq!(Company::of_key(&company.key()).core, company.core);
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
        let _ = (letters(&text), phone(&text), normalise::email(&text), address(&text));
        let _ = credit_code::check(&text);
    }
}

/// Five hundred customers with a telephone and a mail address each, every second twice with a slip, in
/// other script or without something.
fn customers() -> Vec<Field> {
    let family = ["张", "王", "李", "赵", "陈", "杨", "黄", "周", "吴", "徐"];
    let given = [
        "伟", "芳", "秀英", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛",
        "明",
    ];
    let latin = |text: &str| -> String {
        use pinyin::ToPinyin;
        text.to_pinyin().flatten().map(pinyin::Pinyin::plain).collect()
    };
    let (mut names, mut phones, mut mails) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..500_usize {
        let (f, g) = (family[n * 7 % 10], given[n * 11 % 16]);
        let digits = format!("138{:08}", (n + 1) * 7_919 * 131 % 100_000_000);
        let mail = format!("u{}@example.com", (n + 7) * 104_729 % 9_999_991);
        names.push(format!("{f}{g}"));
        phones.push(digits.clone());
        mails.push(mail.clone());
        if n % 2 == 0 {
            names.push(match n % 3 {
                0 => format!("{} {}", latin(g), latin(f)),
                1 => format!("{f}{g}"),
                _ => format!("{f}{g}先生"),
            });
            phones.push(match n % 5 {
                0 => String::new(),
                // Two digits swapped.
                1 => format!("{}{}{}", &digits[..9], &digits[10..], &digits[9..10]),
                _ => digits,
            });
            mails.push(if n % 7 == 0 { String::new() } else { mail });
        }
    }
    vec![
        Field::new("name", names, Comparison::Name),
        Field::new("phone", phones, Comparison::Code),
        Field::new("mail", mails, Comparison::Code),
    ]
}

fn rules() -> Blocking {
    Blocking::new(vec![
        vec![Key::new(1, Part::Whole)],
        vec![Key::new(2, Part::Whole)],
        vec![Key::new(0, Part::Letters)],
    ])
}

#[test]
fn customers_are_found_twice_and_told_why() {
    let fields = customers();
    let model = Model::learn(&fields, &rules(), 0).unwrap();
    let pairs = model.pairs(0.5).unwrap();
    // The second of each is the next record.
    let mut truth = Vec::new();
    let mut record = 0_u32;
    for n in 0..500 {
        if n % 2 == 0 {
            truth.push((record, record + 1));
            record += 1;
        }
        record += 1;
    }
    let found: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.a, pair.b)).collect();
    let right = truth.iter().filter(|pair| found.contains(pair)).count();
    assert!(right >= 238, "{right} of 250");
    assert!(found.len() <= right + 3, "{} found, {right} right", found.len());
    let why = model.score(truth[1].0, truth[1].1).unwrap();
    assert!((why.parts.iter().map(|(_, bits)| bits).sum::<f64>() - why.weight).abs() < 1e-9);
    assert!(why.parts.iter().all(|(level, bits)| *level >= Level::Similar || *bits <= 0.0));
    let again = Model::learn(&fields, &rules(), 0).unwrap();
    assert_eq!(again.pairs(0.5).unwrap(), pairs);
    let groups = group(&model, &pairs, 0.9).unwrap();
    assert!(groups.groups.iter().all(|group| group.len() == 2), "{:?}", groups.groups);
}

/// Father and son share an address and a telephone, and the son a name with a stranger: the ends of the
/// chain have nothing in common and are not joined.
#[test]
fn chains_are_held_back() {
    let fields = customers();
    let model = Model::learn(&fields, &rules(), 0).unwrap();
    let pair = |a, b, probability| Pair { a, b, probability };
    // Records 0 and 1 are one customer; 2 is another, with whom one of them is mistaken.
    let pairs = [pair(0, 1, 0.99), pair(1, 2, 0.95)];
    let groups = group(&model, &pairs, 0.9).unwrap();
    assert_eq!(groups.groups, [vec![0, 1]]);
    assert_eq!(groups.held_back, [pairs[1]]);
}

#[test]
fn nonsense_is_refused() {
    let field = |values: &[&str]| Field::new("name", values.to_vec(), Comparison::Name);
    let rule = Blocking::new(vec![vec![Key::new(0, Part::Whole)]]);
    assert!(matches!(Model::learn(&[], &rule, 0), Err(Error::Empty { .. })));
    assert!(matches!(Model::learn(&[field(&["a"])], &rule, 0), Err(Error::TooFew { .. })));
    let two = [field(&["a", "b"]), field(&["a"])];
    assert!(matches!(Model::learn(&two, &rule, 0), Err(Error::Length { .. })));
    let nothing = Blocking::new(vec![]);
    assert!(matches!(
        Model::learn(&[field(&["a", "b"])], &nothing, 0),
        Err(Error::Parameter { .. })
    ));
    let elsewhere = Blocking::new(vec![vec![Key::new(3, Part::Whole)]]);
    assert!(matches!(
        Model::learn(&[field(&["a", "b"])], &elsewhere, 0),
        Err(Error::Parameter { .. })
    ));
    // Nobody is there twice: nothing can be learned.
    assert!(matches!(Model::learn(&[field(&["a", "b", ""])], &rule, 0), Err(Error::TooFew { .. })));
}
