//! A postal address: its parts, and the one line of text that holds them all. A line that people
//! wrote is no such line only because a stroke stands in it.

use guanxi_base::Refusal;
use serde_json::{Map, Value as JsonValue};

use crate::{FieldType, Kind, Value, chinese_address};

/// Stands between the parts of an address in a line.
const MARK: &str = " / ";
/// A postal code has so many letters and digits.
const POSTAL_CODE_BYTES: std::ops::RangeInclusive<usize> = 3..=10;

/// A postal address, aware of 省/市/区.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Province, municipality, autonomous region, or state.
    pub province: String,
    /// City or prefecture.
    pub city: String,
    /// District or county.
    pub district: String,
    /// Street, house, floor.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
}

impl Address {
    /// The names of the parts, from large to small; each can be filtered as `address.city`.
    pub const PARTS: [&'static str; 5] = ["province", "city", "district", "street", "postal_code"];

    /// A part by its name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&str> {
        Some(match name {
            "province" => &self.province,
            "city" => &self.city,
            "district" => &self.district,
            "street" => &self.street,
            "postal_code" => &self.postal_code,
            _ => return None,
        })
    }

    /// The place of a part by its name.
    pub fn part_mut(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "province" => &mut self.province,
            "city" => &mut self.city,
            "district" => &mut self.district,
            "street" => &mut self.street,
            "postal_code" => &mut self.postal_code,
            _ => return None,
        })
    }

    pub(crate) fn to_json(&self) -> JsonValue {
        let parts = Self::PARTS.iter().filter_map(|&name| {
            let part = self.part(name).filter(|part| !part.is_empty())?;
            Some((name.to_owned(), part.into()))
        });
        JsonValue::Object(parts.collect())
    }

    pub(crate) fn from_json(parts: &Map<String, JsonValue>) -> Result<Self, Refusal> {
        let mut address = Self::default();
        for (name, text) in parts {
            let unknown =
                || Refusal::new("unknown-field").with("name", name).with("type", "address");
            let place = address.part_mut(name).ok_or_else(unknown)?;
            match Value::from_json(&Kind::Text, text)? {
                Value::Text(text) => *place = text,
                _ => place.clear(),
            }
        }
        Ok(address)
    }

    /// One line, parts separated by ` / `, so that it can be read back: a stroke within a part that
    /// would be taken for such a mark has a backslash before it. Parts at the end that are empty
    /// stand there only where the line would else be read as a street.
    #[must_use]
    pub fn to_text(&self) -> String {
        let parts = Self::PARTS.map(|name| written_part(name, self.part(name).unwrap_or_default()));
        let Some(last) = parts.iter().rposition(|part| !part.is_empty()) else {
            return String::new();
        };
        let short = parts[..=last].join(MARK);
        let long = parts.join(MARK);
        let [before @ .., end] = &parts;
        // A blank more tells a postal code that looks like none.
        let marked = format!("{}{MARK} {end}", before.join(MARK));
        let plain = self.trimmed();
        let is_read_back = |line: &String| Self::from_text(line.trim()) == plain;
        [short, long].into_iter().find(is_read_back).unwrap_or(marked)
    }

    fn trimmed(&self) -> Self {
        let mut trimmed = self.clone();
        for name in Self::PARTS {
            if let Some(part) = trimmed.part_mut(name) {
                *part = part.trim().to_owned();
            }
        }
        trimmed
    }

    /// The parts of a Chinese address written in one line; none of any other line.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        chinese_address::split(line)
    }

    /// Reads `to_text`, and a Chinese address written in one line; any other line is the street as
    /// it is written, whatever strokes it has.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        // The blank before the first mark is lost where a cell is trimmed.
        let mut marked = if text.starts_with('/') { format!(" {text}") } else { text.to_owned() };
        if marked.ends_with('/') {
            marked.push(' ');
        }
        let mut parts: Vec<String> = marked.split(MARK).map(ToOwned::to_owned).collect();
        if !are_parts(&parts) {
            let street = || Self { street: text.trim().to_owned(), ..Self::default() };
            let mut address = Self::from_line(text).unwrap_or_else(street);
            address.street = address.street.trim().to_owned();
            return address;
        }
        if parts.len() > Self::PARTS.len() {
            let street: Vec<String> = parts.drain(3..parts.len() - 1).collect();
            parts.insert(3, street.join(MARK));
        }
        let mut address = Self::default();
        for (name, part) in Self::PARTS.iter().zip(parts) {
            if let Some(place) = address.part_mut(name) {
                *place = read_part(&part);
            }
        }
        address
    }
}

/// Whether what stands between the strokes of a line are the parts of an address. People write
/// `Main Street 5 / Floor 2` and leave nothing between two strokes.
fn are_parts(pieces: &[String]) -> bool {
    let [before @ .., last] = pieces else { return false };
    let Some(first) = before.first() else { return false };
    let is_empty = |piece: &String| piece.trim().is_empty();
    if before.iter().any(is_empty) || chinese_address::is_province(first) {
        return true;
    }
    let has_blank = |piece: &String| piece.starts_with(' ') || piece.ends_with(' ');
    before.len() + 1 >= Address::PARTS.len()
        && (is_empty(last) || is_postal_code(last.trim()) || pieces.iter().any(has_blank))
}

fn is_postal_code(text: &str) -> bool {
    let is_written_so = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || b" -".contains(&c);
    POSTAL_CODE_BYTES.contains(&text.len())
        && text.bytes().all(is_written_so)
        && text.bytes().any(|c| c.is_ascii_digit())
}

/// A part of an address in a line of all of them. Between the parts of a street a stroke stands
/// as it is.
fn written_part(name: &str, part: &str) -> String {
    let part = part.trim();
    let mut written = String::with_capacity(part.len());
    let mut backslashes = 0;
    for (at, c) in part.char_indices() {
        let before = written.chars().next_back().is_none_or(char::is_whitespace);
        let after = part[at + c.len_utf8()..].chars().next();
        let is_edge = at == 0 || after.is_none();
        let is_mark = before || after.is_none_or(char::is_whitespace);
        if c == '/' && (backslashes > 0 || is_edge || (is_mark && name != "street")) {
            written.push('\\');
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        written.push(c);
    }
    written
}

/// A part of an address as it was before `written_part`.
fn read_part(written: &str) -> String {
    written.trim().replace("\\/", "/")
}

impl FieldType for Address {
    const KIND: Kind = Kind::Address;
    fn to_value(&self) -> Value {
        Value::Address(Box::new(self.clone()))
    }
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Address(address) => Some((**address).clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of these letters, up to a length.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..length {
            let longer = all[from..].iter();
            let longer = longer.flat_map(|text| letters.iter().map(move |c| format!("{text}{c}")));
            let longer: Vec<String> = longer.collect();
            from = all.len();
            all.extend(longer);
        }
        all.into_iter().map(|text| text.trim().to_owned()).collect()
    }

    #[test]
    fn every_part_of_an_address_stays_in_its_place() {
        let texts = texts(&['/', ' ', '\\', 'a'], 5);
        let check = |address: Address| {
            let text = address.to_text();
            // Forms and files trim what they read.
            assert_eq!(Address::from_text(text.trim()), address, "{text:?}");
        };
        for (at, text) in texts.iter().enumerate() {
            let other = &texts[(at * 7 + 5) % texts.len()];
            for one in 0..Address::PARTS.len() {
                let mut address = Address::default();
                if let Some(place) = address.part_mut(Address::PARTS[one]) {
                    place.clone_from(text);
                }
                check(address.clone());
                for two in (0..Address::PARTS.len()).filter(|two| *two != one) {
                    let mut address = address.clone();
                    if let Some(place) = address.part_mut(Address::PARTS[two]) {
                        place.clone_from(other);
                    }
                    check(address);
                }
            }
        }
        let city = "上海 / Shanghai".to_owned();
        check(Address { city, street: "南京路1号".to_owned(), ..Address::default() });
        check(Address { province: "Bavaria".to_owned(), ..Address::default() });
    }

    #[test]
    fn a_line_that_people_wrote_is_the_street_as_it_is_written() {
        for line in [
            "Hauptstr. 5 / 2. OG",
            "Hauptstr. 5 / Hinterhaus / 2. OG / links",
            "Hauptstr. 5 / Hof 2 / Aufgang B / 3. OG / Klingel Meier",
            "c/o X / Y",
            "c/o Müller / Am Markt 1",
            "Unit 4 / 12 King Street",
            "Bavaria /",
            "24/7 Store, 5th Avenue",
            "南京西路1266号 / 恒隆广场 / 66层",
            "科技园路1号A座 / 2楼",
            "Postfach 10 / 80331 München",
            "1/2 High Street / Flat 3",
            "5 \\/ 7 Hill Road",
            "阳光小区3栋 / 2单元",
        ] {
            let address = Address::from_text(line);
            let street = Address { street: line.to_owned(), ..Address::default() };
            assert_eq!(address, street, "{line}");
            assert_eq!(Address::from_text(address.to_text().trim()), address, "{line}");
        }
    }

    #[test]
    fn lines_of_parts_are_read_as_parts() {
        let parts = |line: &str| {
            let address = Address::from_text(line);
            Address::PARTS.map(|name| address.part(name).unwrap_or_default().to_owned())
        };
        for (line, wanted) in [
            (
                "广东省 / 深圳市 / 南山区 / 科技园路1号",
                ["广东省", "深圳市", "南山区", "科技园路1号", ""],
            ),
            ("上海市 / 上海市", ["上海市", "上海市", "", "", ""]),
            ("/  /  / Main Street 5", ["", "", "", "Main Street 5", ""]),
            (
                "Bavaria / Munich / Mitte / Am Markt 1 / 80331",
                ["Bavaria", "Munich", "Mitte", "Am Markt 1", "80331"],
            ),
            ("Bavaria /  /  /  /", ["Bavaria", "", "", "", ""]),
            ("广东省深圳市南山区科技园 / 2栋", ["广东省", "深圳市", "南山区", "科技园 / 2栋", ""]),
        ] {
            assert_eq!(parts(line), wanted.map(str::to_owned), "{line}");
        }
        // A postal code that looks like none is told all the same.
        let parts = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let [province, city, district, street, postal_code] = parts;
        let address = Address { province, city, district, street, postal_code };
        assert_eq!(Address::from_text(&address.to_text()), address);
    }

    #[test]
    fn whatever_a_line_says_comes_back() {
        let pieces = texts(&['/', ' ', '\\', 'a'], 5);
        let wide = texts(&['/', ' ', '省', '市', '区', '1'], 5);
        for line in pieces.iter().chain(&wide) {
            for line in [line.clone(), format!("{line} / a / {line}")] {
                let address = Address::from_text(&line);
                assert_eq!(Address::from_text(address.to_text().trim()), address, "{line:?}");
            }
        }
    }
}
