//! A first guess at a mapping: columns are known by how they are called in either language, and
//! where that says nothing, by what is in them.

use std::collections::{BTreeMap, BTreeSet};

use guanxi_record::{Address, Kind, Record as _, RecordType};

use super::answers::{Archived, Identical, Twins};
use super::mapping::{FieldSource, FileOptions, Mapping, Mode, RecordMapping, Repeat, WithoutKey};
use super::row::FileRow;
use super::units::unit_of;
use crate::access::Locale;
use crate::people::Customer;
use crate::text::Texts;

/// So much of a column must look like a kind for it to be taken for that.
const SHARE_ALIKE: f64 = 0.8;

/// The types that people bring in as files, the most common first.
pub const IMPORTED_TYPES: [&str; 12] = [
    "customer",
    "contact",
    "product",
    "order",
    "order_line",
    "invoice",
    "payment",
    "interaction",
    "task",
    "case",
    "product_category",
    "customer_group",
];

/// How well a column fits a field; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// By what is in it.
    Content,
    /// A word for the field is a part of its name.
    PartOfName,
    /// It is called by another word for the field.
    Synonym,
    /// It is called like the field.
    Name,
}

/// A mapping for files of one type: which column fills which field, as far as that can be told.
#[must_use]
pub fn suggest(record_type: &RecordType, headers: &[String], sample: &[FileRow]) -> Mapping {
    let targets = targets(record_type);
    let mut fits = Vec::new();
    for (column, header) in headers.iter().enumerate() {
        for (place, target) in targets.iter().enumerate() {
            let by_name = target.by_name(header);
            let fit = by_name.or_else(|| target.by_content(column, sample).then_some(Fit::Content));
            fits.extend(fit.map(|fit| (fit, column, place)));
        }
    }
    // The best first; of equals the column and the field that come first.
    fits.sort_by_key(|(fit, column, place)| (std::cmp::Reverse(*fit), *column, *place));
    let (mut columns, mut places) = (BTreeSet::new(), BTreeSet::new());
    let mut fields = BTreeMap::new();
    for (_, column, place) in fits {
        if columns.contains(&column) || places.contains(&place) {
            continue;
        }
        columns.insert(column);
        places.insert(place);
        let target = &targets[place];
        fields.insert(target.name.clone(), target.source(record_type, headers, column));
    }
    let by_code = record_type.fields.iter().find(|f| f.unique && fields.contains_key(&*f.name));
    Mapping {
        name: String::new(),
        source: None,
        file: FileOptions::default(),
        records: vec![RecordMapping {
            record_type: record_type.name.to_string(),
            match_fields: by_code.map(|field| field.name.to_string()).into_iter().collect(),
            mode: Mode::Upsert,
            on_repeat: Repeat::First,
            without_key: WithoutKey::Refuse,
            archived: Archived::Refuse,
            twins: Twins::Ask,
            identical: Identical::LeaveOut,
            fields,
        }],
    }
}

/// How columns of a type are called, as people write it.
pub(super) fn known_names(record_type: &RecordType) -> Vec<String> {
    targets(record_type).iter().flat_map(Target::words).collect()
}

/// How columns of one field are called.
pub(super) fn names_of(record_type: &RecordType, field: &str) -> Vec<String> {
    let targets = targets(record_type);
    targets.iter().filter(|one| one.name == field).flat_map(Target::words).collect()
}

/// Required fields that no column fills: `(type, field)`. Without them no record is made.
#[must_use]
pub fn required_not_mapped(
    catalog: &guanxi_record::Catalog,
    mapping: &Mapping,
) -> Vec<(String, String)> {
    let mut lacking = Vec::new();
    for record in mapping.records.iter().filter(|record| record.mode != Mode::Update) {
        let Ok(described) = catalog.get(&record.record_type) else { continue };
        let needed = described.fields.iter().filter(|field| {
            field.required && field.default.is_none() && field.rollup.is_none() && !field.read_only
        });
        let open = needed.filter(|field| !record.fields.contains_key(&*field.name));
        lacking.extend(open.map(|field| (described.name.to_string(), field.name.to_string())));
    }
    lacking
}

/// What a column may fill.
struct Target {
    /// As a mapping names it: `phone`, `address.city`.
    name: String,
    kind: Kind,
    required: bool,
    /// How the field is called, in code and in both languages.
    names: Vec<String>,
    synonyms: Vec<&'static str>,
}

fn targets(record_type: &RecordType) -> Vec<Target> {
    let mut targets = Vec::new();
    for field in record_type.fields.iter().filter(|f| !f.read_only && !f.derived) {
        let label = |locale| Texts::of(locale).field_label(record_type, field);
        let names = [label(Locale::En), label(Locale::ZhCn), field.name.to_string()];
        targets.push(Target {
            name: field.name.to_string(),
            kind: field.kind.clone(),
            required: field.required,
            names: names.iter().map(|name| plain(name)).collect(),
            synonyms: synonyms(&record_type.name, &field.name),
        });
        if field.kind != Kind::Address {
            continue;
        }
        for part in Address::PARTS.into_iter().filter(|part| *part != "street") {
            let name = format!("{}.{part}", field.name);
            let label = |locale| Texts::of(locale).get(&format!("address.{part}"));
            let names = [label(Locale::En), label(Locale::ZhCn)];
            targets.push(Target {
                synonyms: synonyms(&record_type.name, &name),
                name,
                kind: Kind::Text,
                required: false,
                names: names.iter().map(|name| plain(name)).collect(),
            });
        }
    }
    targets
}

impl Target {
    fn words(&self) -> Vec<String> {
        let synonyms = self.synonyms.iter().map(|word| (*word).to_owned());
        self.names.iter().cloned().chain(synonyms).collect()
    }

    fn by_name(&self, header: &str) -> Option<Fit> {
        // What the numbers of a column count in is no part of what they are.
        let alone = if self.kind.is_number() { unit_of(header).1 } else { header.to_owned() };
        let header = alone.as_str();
        let (of, header) = (header.split_once(" of "), plain(header));
        if self.names.contains(&header) {
            return Some(Fit::Name);
        }
        if self.synonyms.contains(&header.as_str()) {
            return Some(Fit::Synonym);
        }
        let names = self.names.iter().map(String::as_str);
        let header = header.trim_end_matches(|c: char| c.is_ascii_digit());
        // But the type of a customer is a type.
        let before_of = of.map(|(before, _)| plain(before));
        let is_part = |word: &str| {
            let long = if word.is_ascii() { word.len() >= 4 } else { word.chars().count() >= 2 };
            // What comes last says what it is: the telephone of a contact is a telephone.
            long && before_of.as_deref().unwrap_or(header).ends_with(word)
        };
        names.chain(self.synonyms.iter().copied()).any(is_part).then_some(Fit::PartOfName)
    }

    fn by_content(&self, column: usize, sample: &[FileRow]) -> bool {
        let looks_so: fn(&str) -> bool = match (&self.kind, self.name.as_str()) {
            (Kind::Email, _) => is_mail,
            (Kind::Phone, _) => is_telephone,
            (Kind::Url, _) => |text| text.starts_with("http") || text.starts_with("www."),
            // Any day might be a birthday; that of an order is the order's own.
            (Kind::Date | Kind::Instant, _) if self.required => is_date,
            (_, name) if name.ends_with(".province") => is_province,
            _ => return false,
        };
        let cells = sample.iter().filter_map(|row| row.get(column)).map(str::trim);
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let alike = cells.iter().filter(|cell| looks_so(cell)).count();
        !cells.is_empty() && alike as f64 >= SHARE_ALIKE * cells.len() as f64
    }

    fn source(&self, record_type: &RecordType, headers: &[String], at: usize) -> FieldSource {
        match record_type.field(&self.name) {
            Some(field) => FieldSource::of_column(field, headers, at),
            None => FieldSource::part_of_column(headers, at),
        }
    }
}

/// Other words for a field of a type, or of any type.
fn synonyms(record_type: &str, field: &str) -> Vec<&'static str> {
    let lines = include_str!("../../data/column-names.txt").lines();
    let words = |name: &str| -> Option<Vec<&'static str>> {
        lines.clone().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some(name)).then(|| words.collect())
        })
    };
    let own = words(&format!("{record_type}.{field}"));
    // A customer's address may be called by its parts' names, whatever else is said of it.
    own.or_else(|| words(&format!("*.{field}"))).unwrap_or_default()
}

/// A name without case, spaces and punctuation, and without what stands in brackets after it.
pub(super) fn plain(name: &str) -> String {
    let end = name.find(['(', '\u{ff08}', '[', '\u{3010}']).filter(|at| *at > 0);
    name[..end.unwrap_or(name.len())]
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

pub(super) fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'))
}

pub(super) fn is_telephone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let marks = text.chars().any(|c| matches!(c, '+' | '-' | '(' | ' '));
    let only = text.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c));
    let is_mobile = text.len() == 11 && text.starts_with('1');
    only && (7..=15).contains(&digits) && (marks || is_mobile) && !is_date(text)
}

pub(super) fn is_date(text: &str) -> bool {
    let groups: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let [first, second, third, ..] = groups[..] else { return false };
    let small =
        |group: &str, most: u32| group.parse::<u32>().is_ok_and(|n| (1..=most).contains(&n));
    let year =
        |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    let year_first = year(first) && small(second, 12) && small(third, 31);
    year_first || (year(third) && small(first, 31) && small(second, 31))
}

pub(super) fn is_province(text: &str) -> bool {
    let lines = include_str!("../../data/provinces.txt").lines().filter(|l| !l.starts_with('#'));
    let mut names = lines.flat_map(str::split_whitespace);
    let short = text.chars().count() <= 8;
    short && names.any(|name| text.starts_with(name))
}

/// Whether new customers of this mapping are compared with those of the same name.
#[must_use]
pub fn asks_for_twins(record: &RecordMapping) -> bool {
    record.record_type == Customer::NAME && record.mode != Mode::Update
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(name: &str) -> &'static RecordType {
        crate::RECORD_TYPES.iter().find(|one| one.name == name).expect("the product has it")
    }

    fn guessed(record_type: &RecordType, table: &[&[&str]]) -> BTreeMap<String, String> {
        let headers: Vec<String> = table[0].iter().map(ToString::to_string).collect();
        let rows: Vec<FileRow> =
            table[1..].iter().map(|row| FileRow::new(row.iter().copied().collect(), 0)).collect();
        let mapping = suggest(record_type, &headers, &rows);
        let fields = mapping.records.into_iter().flat_map(|record| record.fields);
        fields.filter_map(|(name, source)| Some((source.rule().column?, name))).collect()
    }

    fn check(record_type: &RecordType, table: &[&[&str]], expected: &[(&str, &str)]) {
        let guessed = guessed(record_type, table);
        for (header, field) in expected {
            let found = guessed.get(*header).map_or("", String::as_str);
            assert_eq!(found, *field, "{header}: {guessed:?}");
        }
    }

    #[test]
    fn columns_are_known_by_what_people_call_them() {
        let chinese: &[&[&str]] = &[&[
            "客户名称",
            "联系电话",
            "邮箱",
            "员工数",
            "客户等级",
            "省",
            "市",
            "区",
            "地址",
            "行业",
            "备注",
        ]];
        check(
            Customer::TYPE,
            chinese,
            &[
                ("客户名称", "name"),
                ("联系电话", "phone"),
                ("邮箱", "email"),
                ("员工数", "employees"),
                ("客户等级", "class"),
                ("省", "address.province"),
                ("市", "address.city"),
                ("区", "address.district"),
                ("地址", "address"),
                ("行业", "industry"),
                ("备注", "notes"),
            ],
        );
        let english: &[&[&str]] = &[&[
            "Company Name",
            "Tel.",
            "E-mail address",
            "Customer No.",
            "City",
            "Web site",
            "Staff",
        ]];
        check(
            Customer::TYPE,
            english,
            &[
                ("Company Name", "name"),
                ("Tel.", "phone"),
                ("E-mail address", "email"),
                ("Customer No.", "code"),
                ("City", "address.city"),
                ("Web site", "website"),
                ("Staff", "employees"),
            ],
        );
    }

    #[test]
    fn one_word_means_different_fields_of_different_types() {
        let contacts: &[&[&str]] = &[&["姓名", "公司名称", "手机号码(必填)", "职务"]];
        check(
            described("contact"),
            contacts,
            &[
                ("姓名", "name"),
                ("公司名称", "customer"),
                ("手机号码(必填)", "phone"),
                ("职务", "job_title"),
            ],
        );
        let orders: &[&[&str]] = &[&["订单编号", "下单日期", "客户名称"]];
        check(
            described("order"),
            orders,
            &[("订单编号", "number"), ("下单日期", "date"), ("客户名称", "customer")],
        );
    }

    #[test]
    fn columns_are_known_by_what_is_in_them() {
        let table: &[&[&str]] = &[
            &["A", "B", "C", "D", "Number"],
            &["Some firm", "li@x.example", "0571-8800 1122", "浙江省", "20260105"],
            &["Another", "wang@y.example", "13800138000", "广东", "20260106"],
        ];
        let expected = [("B", "email"), ("C", "phone"), ("D", "address.province"), ("A", "")];
        check(Customer::TYPE, table, &expected);
        let orders: &[&[&str]] = &[&["X", "Y"], &["2026/1/5", "7"], &["2026/1/6", "8"]];
        check(described("order"), orders, &[("X", "date"), ("Y", "")]);
    }
}
