//! Chinese addresses written in one line: where one part ends and the next begins.

use crate::Address;

/// A part is no longer than this.
const PART_CHARACTERS_MAX: usize = 14;

/// The words that end a part, or for a municipality the whole of it.
fn endings(of: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../data/address-endings.txt").lines();
    let line = lines.filter_map(|line| line.split_once(' ')).find(|(name, _)| *name == of);
    line.map(|(_, words)| words.split(' ')).into_iter().flatten()
}

/// Takes the shortest start that ends so, and is more than the ending.
fn part<'a>(rest: &mut &'a str, of: &str) -> Option<&'a str> {
    let shortest = endings(of)
        .filter_map(|ending| {
            let at = rest.find(ending).filter(|at| *at > 0)?;
            Some(at + ending.len())
        })
        .min()
        .filter(|end| rest[..*end].chars().count() <= PART_CHARACTERS_MAX)?;
    let (part, after) = rest.split_at(shortest);
    *rest = after.trim_start();
    Some(part)
}

/// The address that a line states, if it starts with a division of China.
pub(crate) fn split(line: &str) -> Option<Address> {
    let mut rest = line.trim();
    let mut address = Address::default();
    let municipality = endings("municipality").find(|name| rest.starts_with(name));
    if let Some(name) = municipality {
        while let Some(after) = rest.strip_prefix(name) {
            rest = after.trim_start();
        }
        (address.province, address.city) = (name.to_owned(), name.to_owned());
    } else {
        let province = part(&mut rest, "province");
        let city = part(&mut rest, "city");
        if province.is_none() && city.is_none() {
            return None;
        }
        address.province = province.unwrap_or_default().to_owned();
        address.city = city.unwrap_or_default().to_owned();
    }
    address.district = part(&mut rest, "district").unwrap_or_default().to_owned();
    if address.province.is_empty() && address.district.is_empty() {
        return None;
    }
    rest.clone_into(&mut address.street);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<[String; 4]> {
        let Address { province, city, district, street, .. } = split(line)?;
        Some([province, city, district, street])
    }

    #[test]
    fn a_line_is_split_where_its_parts_end() {
        for (line, wanted) in [
            ("广东省深圳市南山区科技园路1号", ["广东省", "深圳市", "南山区", "科技园路1号"]),
            ("北京市朝阳区建国路88号", ["北京市", "北京市", "朝阳区", "建国路88号"]),
            (
                "上海市 上海市 浦东新区 世纪大道100号",
                ["上海市", "上海市", "浦东新区", "世纪大道100号"],
            ),
            (
                "内蒙古自治区锡林郭勒盟锡林浩特市新华路2号",
                ["内蒙古自治区", "锡林郭勒盟", "锡林浩特市", "新华路2号"],
            ),
            ("湖北省恩施土家族苗族自治州恩施市", ["湖北省", "恩施土家族苗族自治州", "恩施市", ""]),
            ("杭州市西湖区文三路5号", ["", "杭州市", "西湖区", "文三路5号"]),
            (
                "香港特别行政区中西区皇后大道中1号",
                ["香港特别行政区", "", "中西区", "皇后大道中1号"],
            ),
        ] {
            assert_eq!(parts(line), Some(wanted.map(str::to_owned)), "{line}");
        }
    }

    #[test]
    fn other_lines_stay_whole() {
        for line in
            ["", "Main Street 5, Springfield", "科技园路1号", "市", "省市区", "深圳市科技园"]
        {
            assert_eq!(parts(line), None, "{line}");
        }
    }
}
