//! Made-up customers that share everything but what tells them apart: firms of one house that are
//! numbered, lettered or named after a side, with one office; some of them stand there twice.

use rand::Rng;
use rand_pcg::Pcg64;

use crate::world::{REGIONS, Record, credit_code, digits, mobile, pick, street, wide};

const HOUSES: &str = "沐岚砚溪珩璟骐澜汐芸榆枫桐棠鹭麓渊蔚昊晟熠霖沛淼翊翎";
const LATIN_HOUSES: [&str; 12] = [
    "Kestrel", "Bramwell", "Hollins", "Penrith", "Larkspur", "Quillon", "Merrow", "Aldgate",
    "Corvane", "Dunmore", "Elstow", "Fenwick",
];
/// What is before and after that which tells apart, and those.
const CHINESE: [(&str, &str, &str); 16] = [
    ("火锅城红", "路店", "旗星岗塔梅"),
    ("农业银行", "华支行", "龙金新东清"),
    ("", "号股权投资合伙企业（有限合伙）", "一二三四五六七八九"),
    ("", "期置业有限公司", "一二三四五六七八九"),
    ("第", "建筑工程有限公司", "一二三四五六七八九"),
    ("第", "幼儿园", "一二三四五六七八九"),
    ("第十", "中学", "一二三四五六七八九"),
    ("大药房", "分店", "一二三四五六七八九"),
    ("", "店", "一二三四五六七八九"),
    ("", "号创业投资有限公司", "123456789"),
    ("", "座管理处", "ABCDE"),
    ("", "投资中心（有限合伙）", "甲乙丙丁"),
    ("", "区物业管理有限公司", "东西南北"),
    ("", "区供热有限公司", "新老"),
    ("", "院养老服务有限公司", "上下"),
    ("", "湾度假酒店有限公司", "大小"),
];
const LATIN: [(&str, [&str; 4]); 7] = [
    ("Property # Ltd", ["1", "2", "3", "12"]),
    ("Fund # LP", ["I", "II", "III", "IV"]),
    ("Shipping No. # Ltd", ["1", "2", "11", "12"]),
    ("Bakery Store #", ["12", "14", "15", "41"]),
    ("Estates # Ltd", ["Northside", "Southside", "Eastside", "Westside"]),
    ("# Harbour Ltd", ["Upper", "Lower", "Old", "New"]),
    ("Unit # Storage Ltd", ["A", "B", "C", "D"]),
];

/// So many houses of two or three, the customers numbered from `first` on.
pub(crate) fn records(random: &mut Pcg64, first: usize, houses: usize) -> Vec<Record> {
    let mut records = Vec::new();
    let mut of = first;
    for _ in 0..houses {
        let house = house(random);
        let count = random.random_range(2..4);
        for name in house.names.iter().take(count) {
            let one = Record {
                of,
                name: name.clone(),
                tax_number: if house.has_numbers { credit_code(random) } else { String::new() },
                ..house.shared.clone()
            };
            records.push(one.clone());
            if random.random_bool(0.15) {
                records.push(again(random, one));
            }
            of += 1;
        }
    }
    records
}

struct House {
    names: Vec<String>,
    has_numbers: bool,
    shared: Record,
}

fn house(random: &mut Pcg64) -> House {
    let region = pick(random, &REGIONS);
    let is_latin = random.random_bool(0.25);
    let host = format!("s{}.example", digits(random, 6));
    let mut names: Vec<String> = match is_latin {
        true => {
            let (what, telling) = pick(random, &LATIN);
            let house = pick(random, &LATIN_HOUSES);
            telling.iter().map(|one| format!("{house} {}", what.replace('#', one))).collect()
        }
        false => {
            let (before, after, telling) = pick(random, &CHINESE);
            let characters: Vec<char> = HOUSES.chars().collect();
            let house: String = (0..2).map(|_| pick(random, &characters)).collect();
            let names = telling.chars().map(|one| format!("{region}{house}{before}{one}{after}"));
            names.collect()
        }
    };
    for at in (1..names.len()).rev() {
        names.swap(at, random.random_range(0..=at));
    }
    let mut known = |text: String, share: f64| match random.random_bool(share) {
        true => text,
        false => String::new(),
    };
    let email = known(format!("ir@{host}"), 0.7);
    let website = known(host, 0.4);
    let shared = Record {
        phone: mobile(random),
        email,
        address: street(random, region, is_latin),
        website,
        ..Record::default()
    };
    House { names, has_numbers: random.random_bool(0.5), shared }
}

/// The same once more, as somebody else types it.
fn again(random: &mut Pcg64, one: Record) -> Record {
    let mut copy = one;
    match random.random_range(0..4) {
        0 => copy.name = copy.name.chars().map(wide).collect(),
        1 => copy.name = copy.name.replace("有限公司", "").replace(" Ltd", " LIMITED"),
        2 => copy.phone = mobile(random),
        _ => copy.email = String::new(),
    }
    if random.random_bool(0.5) {
        copy.tax_number = String::new();
    }
    copy
}
