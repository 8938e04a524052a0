//! Made-up firms: Chinese ones with sisters and branches, Latin ones, and what is typed of them.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// What is typed of a customer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) of: usize,
    pub(crate) is_person: bool,
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) email: String,
    pub(crate) tax_number: String,
    pub(crate) address: String,
    pub(crate) website: String,
}

/// How a world is made.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) firms: usize,
    /// How likely each thing is known of a firm.
    pub(crate) known: f64,
    /// How many firms stand there twice, as a share.
    pub(crate) duplicates: f64,
    /// How many houses of numbered firms with one office there are besides.
    pub(crate) numbered: usize,
}

#[derive(Debug, Clone)]
struct Firm {
    region: &'static str,
    house: String,
    trade: &'static str,
    form: &'static str,
    is_latin: bool,
    phone: String,
    email: String,
    tax_number: String,
    street: String,
    website: String,
}

const SYLLABLES: &str = "恒达鑫茂源盛丰华泰瑞祥宏远博昌兴隆福顺德信诚嘉美佳康宁安平和正明光辉耀天海江川龙凤银铭锐创联众合利通汇聚东方新立伟业凯欧迈威克思朗";
/// What many firms call themselves.
const COMMON_HOUSES: [&str; 8] = ["华鑫", "恒通", "鼎盛", "宏远", "天成", "金源", "瑞祥", "腾达"];
const TRADES: [&str; 24] = [
    "科技",
    "贸易",
    "机械",
    "电子",
    "建材",
    "食品",
    "物流",
    "化工",
    "包装",
    "服饰",
    "医疗器械",
    "机电",
    "实业",
    "国际贸易",
    "电子科技",
    "新材料",
    "装饰工程",
    "信息技术",
    "汽车配件",
    "塑胶",
    "五金制品",
    "环保科技",
    "投资",
    "文化传媒",
];
pub(crate) const REGIONS: [&str; 20] = [
    "上海", "北京", "深圳", "广州", "杭州", "宁波", "苏州", "无锡", "南京", "武汉", "成都", "重庆",
    "天津", "青岛", "厦门", "东莞", "佛山", "长沙", "合肥", "温州",
];
const FORMS: [&str; 10] = [
    "有限公司",
    "有限公司",
    "有限公司",
    "有限公司",
    "有限责任公司",
    "有限公司",
    "股份有限公司",
    "有限公司",
    "集团有限公司",
    "经营部",
];
const STREETS: [&str; 16] = [
    "人民路",
    "中山路",
    "建设路",
    "解放路",
    "科技园路",
    "创业大道",
    "工业一路",
    "长江路",
    "新华街",
    "和平街",
    "文化路",
    "花园路",
    "滨江大道",
    "学院路",
    "金桥路",
    "环城东路",
];
const PARTS: [&str; 28] = [
    "nor", "ved", "lum", "bra", "kel", "tor", "sil", "man", "ver", "gal", "pex", "dun", "mar",
    "ost", "rin", "cal", "fen", "hol", "jas", "lin", "mor", "pol", "qua", "ros", "sta", "tal",
    "ulm", "wes",
];
const LATIN_TRADES: [&str; 12] = [
    "Trading",
    "Machinery",
    "Logistics",
    "Foods",
    "Plastics",
    "Electronics",
    "Chemicals",
    "Packaging",
    "Systems",
    "Textiles",
    "Steel",
    "Consulting",
];
const LATIN_FORMS: [&str; 6] = ["Ltd", "GmbH", "Inc.", "Ltd", "S.A.", "LLC"];
/// Characters, one that sounds the same, and the old form.
const OTHERS: [(char, char, char); 16] = [
    ('恒', '衡', '恆'),
    ('达', '大', '達'),
    ('鑫', '新', '鑫'),
    ('宏', '洪', '宏'),
    ('源', '元', '源'),
    ('诚', '成', '誠'),
    ('嘉', '佳', '嘉'),
    ('华', '花', '華'),
    ('丰', '峰', '豐'),
    ('联', '连', '聯'),
    ('利', '力', '利'),
    ('祥', '翔', '祥'),
    ('兴', '星', '興'),
    ('龙', '隆', '龍'),
    ('东', '冬', '東'),
    ('业', '叶', '業'),
];

pub(crate) fn pick<T: Copy>(random: &mut Pcg64, list: &[T]) -> T {
    list[random.random_range(0..list.len())]
}

pub(crate) fn digits(random: &mut Pcg64, count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + random.random_range(0..10_u8))).collect()
}

pub(crate) fn mobile(random: &mut Pcg64) -> String {
    format!("{}{}", pick(random, &["138", "139", "186", "177", "150", "133"]), digits(random, 8))
}

pub(crate) fn credit_code(random: &mut Pcg64) -> String {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut code = format!("91{}MA", digits(random, 6));
    code.extend((0..7).map(|_| char::from(CHARACTERS[random.random_range(0..31)])));
    let (mut sum, mut weight) = (0, 1);
    for c in code.bytes() {
        sum += CHARACTERS.iter().position(|known| *known == c).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    code.push(char::from(CHARACTERS[(31 - sum % 31) % 31]));
    code
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

impl World {
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut random = Pcg64::seed_from_u64(self.seed);
        let firms = self.firms(&mut random);
        let mut records = Vec::new();
        // Those of who keeps the books of several firms, and what is typed for nothing.
        let accountants: Vec<String> = (0..self.firms / 150).map(|_| mobile(&mut random)).collect();
        for (of, firm) in firms.iter().enumerate() {
            let mut firm = firm.clone();
            if random.random_bool(0.03) && !accountants.is_empty() {
                firm.phone = accountants[random.random_range(0..accountants.len())].clone();
            }
            let mut first = self.typed(&mut random, &firm, of);
            if random.random_bool(0.02) {
                first.phone =
                    pick(&mut random, &["0000000", "13800000000", "57511111111"]).to_owned();
                first.email =
                    pick(&mut random, &["wu@wu.com", "a@a.com", "info@nomail.example"]).to_owned();
            }
            records.push(first);
            let copies = match random.random::<f64>() {
                chance if chance < self.duplicates * 0.15 => 2,
                chance if chance < self.duplicates => 1,
                _ => 0,
            };
            for _ in 0..copies {
                let mut copy = self.typed(&mut random, &firm, of);
                self.with_errors(&mut random, &firm, &mut copy);
                records.push(copy);
            }
        }
        records.extend(crate::siblings::records(&mut random, firms.len(), self.numbered));
        for at in (1..records.len()).rev() {
            records.swap(at, random.random_range(0..=at));
        }
        records
    }

    fn firms(&self, random: &mut Pcg64) -> Vec<Firm> {
        let mut firms: Vec<Firm> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while firms.len() < self.firms {
            let firm = firm(random);
            let mut house = vec![firm.clone()];
            if random.random_bool(0.12) {
                for _ in 0..random.random_range(1..4) {
                    house.push(sister(random, &firm));
                }
            }
            for firm in house {
                // A register gives no name twice; what says nothing of the form is no other name.
                let form = firm.form.replace("责任", "").replace("Inc.", "").replace("LLC", "");
                let region = if firm.is_latin { "" } else { firm.region };
                if names.insert((region, firm.house.clone(), firm.trade, form)) {
                    firms.push(firm);
                }
            }
        }
        firms.truncate(self.firms);
        firms
    }

    fn typed(&self, random: &mut Pcg64, firm: &Firm, of: usize) -> Record {
        let mut known = |text: &str, share: f64| match random.random_bool(share) {
            true => text.to_owned(),
            false => String::new(),
        };
        let phone = known(&firm.phone, self.known);
        let email = known(&firm.email, self.known * 0.8);
        let tax_number = known(&firm.tax_number, self.known * 0.5);
        let address = known(&firm.street, self.known * 0.7);
        let website = known(&firm.website, self.known * 0.4);
        let name = full_name(firm);
        Record { of, is_person: false, name, phone, email, tax_number, address, website }
    }

    fn with_errors(&self, random: &mut Pcg64, firm: &Firm, copy: &mut Record) {
        if random.random_bool(0.5) {
            copy.name = other_name(random, firm);
        }
        if !copy.phone.is_empty() {
            copy.phone = match random.random_range(0..10) {
                0 | 1 => mobile(random),
                2 => slip(random, &copy.phone),
                3 | 4 => format!("+86 {}", copy.phone.trim_start_matches('0')),
                5 => copy.phone.chars().map(wide).collect(),
                _ => copy.phone.clone(),
            };
        }
        if !copy.email.is_empty() && random.random_bool(0.25) {
            copy.email = format!("p{}@qq.com", digits(random, 7));
        }
        if !copy.tax_number.is_empty() && random.random_bool(0.03) {
            copy.tax_number = slip(random, &copy.tax_number);
        }
        if !copy.address.is_empty() && random.random_bool(0.3) {
            copy.address = street(random, firm.region, firm.is_latin);
        }
    }
}

pub(crate) fn wide(c: char) -> char {
    if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c }
}

/// One character other, or swapped with its neighbour.
pub(crate) fn slip(random: &mut Pcg64, text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.len() < 3 {
        return text.to_owned();
    }
    let at = random.random_range(1..characters.len() - 1);
    match characters[at].is_ascii_digit() {
        true if random.random_bool(0.5) => {
            characters[at] = char::from(b'0' + random.random_range(0..10_u8));
        }
        _ => characters.swap(at, at + 1),
    }
    characters.into_iter().collect()
}

fn firm(random: &mut Pcg64) -> Firm {
    let is_latin = random.random_bool(0.25);
    let syllables: Vec<char> = SYLLABLES.chars().collect();
    let house: String = match is_latin {
        true => {
            let count = random.random_range(2..4);
            capital(&(0..count).map(|_| pick(random, &PARTS)).collect::<String>())
        }
        false => {
            let count = if random.random_bool(0.15) { 3 } else { 2 };
            match random.random_bool(0.15) {
                true => pick(random, &COMMON_HOUSES).to_owned(),
                false => (0..count).map(|_| pick(random, &syllables)).collect(),
            }
        }
    };
    let host = format!("h{}.example", digits(random, 6));
    let region = pick(random, &REGIONS);
    Firm {
        region,
        trade: if is_latin { pick(random, &LATIN_TRADES) } else { pick(random, &TRADES) },
        form: if is_latin { pick(random, &LATIN_FORMS) } else { pick(random, &FORMS) },
        is_latin,
        phone: match random.random_bool(0.6) {
            true => mobile(random),
            false => format!("0{}-{}", 510 + random.random_range(0..90), digits(random, 8)),
        },
        email: match random.random_bool(0.5) {
            true => format!("{}@{host}", pick(random, &["info", "sales", "office", "post"])),
            false => format!("u{}@163.com", digits(random, 7)),
        },
        tax_number: credit_code(random),
        street: street(random, region, is_latin),
        website: host,
        house,
    }
}

/// Another company of the house: another place, another trade or another form.
fn sister(random: &mut Pcg64, firm: &Firm) -> Firm {
    let other = self::firm(random);
    let mut sister = Firm { house: firm.house.clone(), is_latin: firm.is_latin, ..other };
    let trades: &[&'static str] = if firm.is_latin { &LATIN_TRADES } else { &TRADES };
    sister.trade = pick(random, trades);
    sister.form = firm.form;
    sister.region = firm.region;
    match random.random_range(0..4) {
        0 | 1 if !firm.is_latin => {
            sister.region = pick(random, &REGIONS);
            sister.trade = firm.trade;
        }
        2 if !firm.is_latin => {
            sister.trade = firm.trade;
            sister.form = pick(random, &["股份有限公司", "集团有限公司", "有限公司"]);
        }
        _ => {}
    }
    sister.street = street(random, sister.region, firm.is_latin);
    for (share, own, of_house) in [
        (0.35, &mut sister.phone, &firm.phone),
        (0.25, &mut sister.email, &firm.email),
        (0.25, &mut sister.street, &firm.street),
        (0.7, &mut sister.website, &firm.website),
    ] {
        if random.random_bool(share) {
            own.clone_from(of_house);
        }
    }
    sister
}

pub(crate) fn street(random: &mut Pcg64, region: &str, is_latin: bool) -> String {
    let number = random.random_range(1..200);
    match is_latin {
        true => format!("{number} {} Street", capital(pick(random, &PARTS))),
        false => format!("{region}市{}{number}号", pick(random, &STREETS)),
    }
}

fn full_name(firm: &Firm) -> String {
    match firm.is_latin {
        true => format!("{} {} {}", firm.house, firm.trade, firm.form),
        false => format!("{}{}{}{}", firm.region, firm.house, firm.trade, firm.form),
    }
}

/// As somebody else types it.
fn other_name(random: &mut Pcg64, firm: &Firm) -> String {
    if firm.is_latin {
        return match random.random_range(0..5) {
            0 => format!("{} {}", firm.house, firm.trade),
            1 => full_name(firm).to_uppercase(),
            2 => slip(random, &full_name(firm)),
            3 => format!("The {} {}, {}", firm.house, firm.trade, firm.form),
            _ => format!("{} {}", firm.trade, firm.house),
        };
    }
    let Firm { region, house, trade, form, .. } = firm;
    let sound =
        |c: char| OTHERS.iter().find(|(one, ..)| *one == c).map_or(c, |(_, other, _)| *other);
    let old = |c: char| OTHERS.iter().find(|(one, ..)| *one == c).map_or(c, |(.., old)| *old);
    match random.random_range(0..9) {
        0 => format!("{region}市{house}{trade}{form}"),
        1 => format!("{house}{trade}（{region}）{form}"),
        2 => format!("{house}{trade}{form}"),
        3 => format!("{region}{house}{trade}"),
        4 => format!("{region}{house}"),
        5 => format!("{region}{}{trade}{form}", house.chars().map(sound).collect::<String>()),
        6 => full_name(firm).chars().map(old).collect(),
        7 => format!("{region}{}{trade}{form}", slip(random, house)),
        _ => format!(" {region} {house}{trade}{form} "),
    }
}
