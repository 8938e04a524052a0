//! Made-up persons: Chinese and Latin names, couples under one roof, names that many have.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use crate::world::{Record, digits, mobile, pick, slip, wide};

const FAMILIES: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "欧阳", "林", "何", "高",
];
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英建国志晓雪梅子涵浩然欣怡宇轩博文思睿嘉琪俊雅婷佳琳鹏飞";
const FIRST: [&str; 24] = [
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Karin",
    "Liam", "Mia", "Noah", "Olga", "Paul", "Rosa", "Simon", "Tara", "Udo", "Vera", "Walter",
    "Yara", "Zoe",
];
const LAST: [&str; 24] = [
    "Smith", "Miller", "Brown", "Fischer", "Weber", "Wagner", "Becker", "Hoffmann", "Koch",
    "Bauer", "Richter", "Klein", "Wolf", "Neumann", "Schwarz", "Braun", "Hofmann", "Krueger",
    "Hartmann", "Lange", "Werner", "Krause", "Lehmann", "Maier",
];

/// Whose names begin with that of the family.
const FAMILIES_FIRST: [&str; 12] =
    ["Nguyen", "Tran", "Le", "Pham", "Hoang", "Wang", "Li", "Zhang", "Liu", "Chen", "Kim", "Park"];
const GIVEN_AFTER: [&str; 24] = [
    "Van An",
    "Van Anh",
    "Thi Hoa",
    "Thi Ha",
    "Duc Hung",
    "Minh Long",
    "Thanh Mai",
    "Wei",
    "Min",
    "Jing",
    "Xiaoming",
    "Xiaoling",
    "Jianguo",
    "Jianhua",
    "Zixuan",
    "Zihan",
    "Meiling",
    "Meilin",
    "Minji",
    "Minju",
    "Seojun",
    "Seoyun",
    "Haoran",
    "Yan",
];

/// How a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Han,
    Latin,
    FamilyFirst,
}

impl Style {
    fn any(random: &mut Pcg64) -> Self {
        match random.random_range(0..10) {
            0..6 => Self::Han,
            6..9 => Self::Latin,
            _ => Self::FamilyFirst,
        }
    }

    fn whole(self, family: &str, given: &str) -> String {
        match self {
            Self::Han => format!("{family}{given}"),
            Self::Latin => format!("{given} {family}"),
            Self::FamilyFirst => format!("{family} {given}"),
        }
    }
}

/// Parts of given names that siblings have; some sound the same.
const ALIKE: [(&str, &str); 6] =
    [("轩", "萱"), ("宇", "雨"), ("静", "婧"), ("伟", "玮"), ("志", "智"), ("文", "雯")];
const ALIKE_AFTER: [(&str, &str); 6] = [
    ("Van An", "Van Anh"),
    ("Xiaoming", "Xiaoling"),
    ("Jianguo", "Jianhua"),
    ("Zixuan", "Zihan"),
    ("Meilin", "Meiling"),
    ("Minji", "Minju"),
];
const ALIKE_LATIN: [(&str, &str); 6] = [
    ("Anna", "Hanna"),
    ("Emma", "Emmi"),
    ("Simon", "Simone"),
    ("Jonas", "Jona"),
    ("Paul", "Paula"),
    ("Clara", "Klara"),
];

/// So many persons, one in seven of them twice.
pub(crate) fn records(seed: u64, count: usize) -> Vec<Record> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut records: Vec<Record> = Vec::new();
    let mut last: Option<(Record, Style, String)> = None;
    for of in 0..count {
        let style = Style::any(&mut random);
        let (mut family, mut given) = name(&mut random, style);
        let mut one = Record {
            of,
            is_person: true,
            phone: mobile(&mut random),
            email: format!("m{}@163.com", digits(&mut random, 7)),
            address: format!(
                "杭州市文三路{}号{}室",
                random.random_range(1..300),
                digits(&mut random, 3)
            ),
            ..Record::default()
        };
        // Of one household with the one before.
        if let Some((before, was, name)) = &last
            && random.random_bool(0.15)
            && *was == style
        {
            one.address.clone_from(&before.address);
            family.clone_from(name);
            if before.name.contains(given.as_str()) {
                continue;
            }
            if random.random_bool(0.4) {
                one.phone.clone_from(&before.phone);
            }
            // Brothers and sisters with one account.
            if random.random_bool(0.4) {
                one.phone.clone_from(&before.phone);
                one.email.clone_from(&before.email);
                given = sibling(&mut random, &before.name, style).unwrap_or(given);
            }
        }
        one.name = style.whole(&family, &given);
        last = Some((one.clone(), style, family.clone()));
        let mut first = thinned(&mut random, &one);
        // A list of names that are put in order by family.
        if style == Style::Latin && random.random_bool(0.15) {
            first.name = format!("{family}, {given}");
        }
        records.push(first);
        if random.random_bool(0.14) {
            let mut copy = thinned(&mut random, &one);
            copy.name = match random.random_range(0..8) {
                0 if style != Style::Han => format!("{family}, {given}"),
                1 if style != Style::Han => format!("{family} {given}").to_uppercase(),
                2 if style != Style::Han => slip(&mut random, &one.name),
                // As it sounds.
                3 if style == Style::Han && random.random_bool(0.5) => {
                    let slips = ALIKE.iter().find(|(a, _)| one.name.contains(a));
                    slips.map_or(one.name.clone(), |(a, b)| one.name.replace(a, b))
                }
                3 => one.name.chars().map(wide).collect(),
                _ => copy.name,
            };
            copy.is_person = random.random_bool(0.9);
            if random.random_bool(0.2) && !copy.phone.is_empty() {
                copy.phone = mobile(&mut random);
            }
            if random.random_bool(0.3) && !copy.phone.is_empty() {
                copy.phone = format!("0086{}", copy.phone);
            }
            records.push(copy);
        }
    }
    for at in (1..records.len()).rev() {
        records.swap(at, random.random_range(0..=at));
    }
    records
}

fn name(random: &mut Pcg64, style: Style) -> (String, String) {
    match style {
        Style::Latin => (pick(random, &LAST).to_owned(), pick(random, &FIRST).to_owned()),
        Style::FamilyFirst => {
            (pick(random, &FAMILIES_FIRST).to_owned(), pick(random, &GIVEN_AFTER).to_owned())
        }
        Style::Han => {
            let given: Vec<char> = GIVEN.chars().collect();
            let count = if random.random_bool(0.3) { 1 } else { 2 };
            let given = (0..count).map(|_| pick(random, &given)).collect();
            (pick(random, &FAMILIES).to_owned(), given)
        }
    }
}

/// A given name that is nearly that of a sibling, where there is such a one.
fn sibling(random: &mut Pcg64, name: &str, style: Style) -> Option<String> {
    let pairs: &[(&str, &str)] = match style {
        Style::Han => &ALIKE,
        Style::Latin => &ALIKE_LATIN,
        Style::FamilyFirst => &ALIKE_AFTER,
    };
    let given = match style {
        Style::Han => name,
        Style::Latin => name.split(' ').next()?,
        Style::FamilyFirst => name.split_once(' ')?.1,
    };
    let other = |(a, b): &(&str, &str)| match (given.contains(a), given.contains(b)) {
        (true, false) => Some(given.replace(a, b)),
        (_, true) => Some(given.replace(b, a)),
        _ => None,
    };
    let found = pairs.iter().find_map(other).filter(|_| random.random_bool(0.8))?;
    Some(match style {
        Style::Han => found.chars().skip(family_characters(name)).collect(),
        _ => found,
    })
}

fn family_characters(name: &str) -> usize {
    if name.starts_with("欧阳") { 2 } else { 1 }
}

/// What is known of somebody.
fn thinned(random: &mut Pcg64, one: &Record) -> Record {
    let mut copy = one.clone();
    for (share, field) in [(0.7, &mut copy.phone), (0.5, &mut copy.email), (0.5, &mut copy.address)]
    {
        if !random.random_bool(share) {
            field.clear();
        }
    }
    copy
}
