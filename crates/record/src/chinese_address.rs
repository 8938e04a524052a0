//! Chinese addresses written in one line: where one part ends and the next begins. What only looks
//! like a division (a housing estate, a market, a road that is named after one) is none.

use crate::Address;

/// A part is no longer than this.
const PART_CHARACTERS_MAX: usize = 14;
/// The shortest name of a banner, with that word.
const BANNER_CHARACTERS_MIN: usize = 3;

/// The words of one kind, such as those that end a part.
fn words(of: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../data/chinese-addresses.txt").lines();
    let line = lines.filter_map(|line| line.split_once(' ')).find(|(name, _)| *name == of);
    line.map(|(_, words)| words.split(' ')).into_iter().flatten()
}

/// Takes the shortest start that ends so, is more than the ending, and can be a name.
fn part<'a>(rest: &mut &'a str, of: &str) -> Option<&'a str> {
    let whole = words("whole").filter(|_| of == "district").find(|name| rest.starts_with(name));
    let shortest = words(of).filter_map(|ending| {
        let at = rest.find(ending).filter(|at| *at > 0)?;
        Some(at + ending.len())
    });
    let end = whole.map(str::len).or_else(|| shortest.min())?;
    let (part, after) = rest.split_at(end);
    if !is_division(part, after) {
        return None;
    }
    *rest = after.trim_start();
    Some(part)
}

/// Whether a start of a line that ends like a division is one, by its letters and what follows.
fn is_division(part: &str, after: &str) -> bool {
    let length = part.chars().count();
    let first = part.chars().next().map_or(0, char::len_utf8);
    let is_written_so = |c: char| c.is_alphabetic() && !c.is_ascii();
    let is_banner = part.ends_with('\u{65d7}');
    part.chars().all(is_written_so)
        && length <= PART_CHARACTERS_MAX
        && (!is_banner || length >= BANNER_CHARACTERS_MIN)
        && !words("none").any(|word| part.ends_with(word))
        && !words("alone").any(|word| part == word)
        && !words("within").any(|word| part[first..].contains(word))
        && (words("whole").any(|name| after.starts_with(name))
            || !words("behind").any(|word| after.starts_with(word)))
}

/// Whether a text is a province or what is as much, and no more.
pub(crate) fn is_province(text: &str) -> bool {
    let text = text.trim();
    let ends_so = |ending: &str| text.len() > ending.len() && text.ends_with(ending);
    words("municipality").any(|name| text == name)
        || (words("province").any(ends_so) && is_division(text, ""))
}

/// The address that a line states, if it starts with a division of China.
pub(crate) fn split(line: &str) -> Option<Address> {
    let mut rest = line.trim();
    let mut address = Address::default();
    let is_there = |name: &&str| {
        let after = rest.strip_prefix(*name);
        after.is_some_and(|after| is_division(name, after))
    };
    let municipality = words("municipality").find(is_there);
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
    let has_no_district = address.district.is_empty();
    // A hall of the citizens of a city is a place in it, not the city and what it is called.
    let is_unclear = words("unclear").any(|word| rest.starts_with(word));
    if has_no_district && (address.province.is_empty() || is_unclear) {
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
    fn divisions_with_an_ending_within_their_name_are_whole() {
        for (line, wanted) in [
            ("荆州市沙市区北京路1号", ["", "荆州市", "沙市区", "北京路1号"]),
            ("湖北省荆州市沙市区北京路1号", ["湖北省", "荆州市", "沙市区", "北京路1号"]),
            ("湖南省常德市津市市孟姜女大道", ["湖南省", "常德市", "津市市", "孟姜女大道"]),
            ("福建省三明市沙县区凤岗街道", ["福建省", "三明市", "沙县区", "凤岗街道"]),
            ("新乡市红旗区平原路", ["", "新乡市", "红旗区", "平原路"]),
            ("山东省青岛市市南区香港中路", ["山东省", "青岛市", "市南区", "香港中路"]),
            ("山东省济宁市市中区太白楼路", ["山东省", "济宁市", "市中区", "太白楼路"]),
            ("哈尔滨市道里区中央大街", ["", "哈尔滨市", "道里区", "中央大街"]),
            ("台州市路桥区富仕路", ["", "台州市", "路桥区", "富仕路"]),
            ("河北省唐山市路北区新华道", ["河北省", "唐山市", "路北区", "新华道"]),
            ("西安市高新区科技路", ["", "西安市", "高新区", "科技路"]),
            ("张掖市民乐县县府街", ["", "张掖市", "民乐县", "县府街"]),
        ] {
            assert_eq!(parts(line), Some(wanted.map(str::to_owned)), "{line}");
        }
    }

    #[test]
    fn estates_markets_and_roads_are_no_divisions() {
        for (line, wanted) in [
            ("广东省深圳市阳光小区3栋", ["广东省", "深圳市", "", "阳光小区3栋"]),
            ("浙江省杭州市翠苑社区5号", ["浙江省", "杭州市", "", "翠苑社区5号"]),
            ("江苏省苏州市人民路县桥巷2号", ["江苏省", "苏州市", "", "人民路县桥巷2号"]),
            ("上海市红旗路7号", ["上海市", "上海市", "", "红旗路7号"]),
            ("北京市张江园区B座", ["北京市", "北京市", "", "张江园区B座"]),
        ] {
            assert_eq!(parts(line), Some(wanted.map(str::to_owned)), "{line}");
        }
        for line in [
            "深圳市阳光小区3栋",
            "阳光城市花园小区8幢",
            "人民路10号超市旁阳光小区",
            "步行街夜市三区",
            "上海市场路5号",
            "深圳市民中心",
            "建材市场东区",
            "同盟路5号开发区",
        ] {
            assert_eq!(parts(line), None, "{line}");
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
