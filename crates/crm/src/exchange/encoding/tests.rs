//! Files in every encoding that tables come in, of every length around the pieces in which they
//! are read, damaged and put together of several.

use super::*;

fn name(bytes: &[u8]) -> (&'static str, Certainty) {
    let found = find(bytes).unwrap();
    (found.encoding.name(), found.certainty)
}

fn name_of(bytes: &[u8]) -> &'static str {
    name(bytes).0
}

fn encoded(label: &str, text: &str) -> Vec<u8> {
    Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
}

/// Words in a language, by the encoding of old files in it.
const WORDS: [(&str, &str); 7] = [
    ("gb18030", "华为技术有限公司 样品观察提交 深圳市坂田 中兴通讯 王小明 李娜 镕基实业 北京"),
    ("Big5", "台灣積體電路製造 鴻海精密工業 新竹市 高雄港務 陳小明 林美麗 臺北市政府"),
    ("Shift_JIS", "トヨタ自動車株式会社 ソニーのカード 豊田市 山田太郎 東京都千代田区 ひらがな"),
    ("EUC-KR", "삼성전자주식회사 현대자동차 서울특별시 김철수 부산광역시 한국전력공사"),
    ("windows-1251", "Газпром Нефть Москва Иванов Сергей Общество ограниченной Новосибирск"),
    ("windows-1252", "Müller Söhne Größe Café Orléans Peña Málaga François Zürich Straße"),
    ("UTF-8", "华为技术 Müller Москва トヨタ"),
];

fn rows(words: &str, count: usize) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let word = |at: usize| words[at % words.len()];
    let row = |n: usize| format!("{n},{}{},{}\n", word(n), word(n / 3), word(n * 7 + 1));
    std::iter::once("code,name,city\n".to_owned()).chain((0..count).map(row)).collect()
}

#[test]
fn encodings_are_found_in_all_of_the_file() {
    let chinese = "名称,城市\n华为技术有限公司,深圳市龙岗区坂田\n中兴通讯股份有限公司,深圳\n";
    let taiwan =
        "名稱,城市\n台灣積體電路製造股份有限公司,新竹市\n鴻海精密工業股份有限公司,新北市\n";
    let japanese = "名前,都市\nトヨタ自動車株式会社のひと,豊田市\nソニーグループのカード,東京都\n";
    let utf16 =
        |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { chinese.encode_utf16().flat_map(unit).collect() };
    for (bytes, expected) in [
        (encoded("utf-8", chinese), ("UTF-8", Certainty::Clear)),
        (encoded("gb18030", chinese), ("gb18030", Certainty::Clear)),
        (encoded("big5", taiwan), ("Big5", Certainty::Clear)),
        (encoded("shift_jis", japanese), ("Shift_JIS", Certainty::Clear)),
        (utf16(u16::to_le_bytes), ("UTF-16LE", Certainty::Clear)),
        (utf16(u16::to_be_bytes), ("UTF-16BE", Certainty::Clear)),
        (encoded("windows-1252", "Müller,Größe"), ("windows-1252", Certainty::Assumed)),
        (b"only,ascii".to_vec(), ("UTF-8", Certainty::Clear)),
    ] {
        assert_eq!(name(&bytes), expected);
    }
    // Letters far down count as those on top.
    let late = [vec![b'x'; 3 << 20], encoded("gb18030", chinese)].concat();
    assert_eq!(name(&late).0, "gb18030");
}

#[test]
fn files_of_every_length_around_a_piece_are_read_in_their_encoding() {
    for (label, words) in WORDS {
        let rows = encoded(label, &rows(words, 6_000));
        for size in (CHUNK_BYTES - 24..CHUNK_BYTES + 24).step_by(5) {
            assert_eq!(name(&rows[..cut(&rows, size)]).0, label, "{size}");
            // The same letters behind so many bytes that say nothing.
            let before = format!("code,name,city\n{}\n", "x".repeat(size - 70));
            let some = &rows[15..cut(&rows, 2_000)];
            assert_eq!(name(&[before.as_bytes(), some].concat()).0, label, "{size}");
        }
    }
}

/// The end of the last whole line within so many bytes.
fn cut(rows: &[u8], size: usize) -> usize {
    rows[..size].iter().rposition(|byte| *byte == b'\n').unwrap() + 1
}

#[test]
fn more_than_is_looked_at_of_letters_cuts_none_in_two() {
    for (label, words) in WORDS {
        for count in [30_001, 30_002] {
            assert_eq!(name(&encoded(label, &rows(words, count))).0, label, "{count}");
        }
    }
}

#[test]
fn one_letter_across_the_end_of_a_piece_is_one() {
    // Its second byte is a capital letter; the rest of its line and the next are ASCII.
    let lead = "code,name\n".len() + 2;
    for before in CHUNK_BYTES - 4..CHUNK_BYTES + 2 {
        let text =
            format!("code,name\n1,{}镕 Ltd\n\"2\",plain\n3,王小明\n", "x".repeat(before - lead));
        assert_eq!(name(&encoded("gb18030", &text)).0, "gb18030", "{before}");
    }
}

#[test]
fn one_damaged_letter_does_not_change_the_encoding() {
    for (label, words) in WORDS {
        if ["windows-1251", "windows-1252"].contains(&label) {
            continue;
        }
        for count in [5, 40, 500] {
            let mut bytes = encoded(label, &rows(words, count));
            bytes.extend(b"9999,");
            let one = encoded(label, words.split(' ').next().unwrap());
            bytes.extend(&one[..one.len() - 1]);
            bytes.extend(b",x\n");
            assert_eq!(name(&bytes), (label, Certainty::Contradictory), "{count}");
        }
    }
}

#[test]
fn lines_of_utf8_in_an_older_file_contradict_it() {
    for (label, words) in WORDS {
        let mut bytes = encoded(label, &rows(words, 300));
        bytes.extend("301,你好科技,x\n302,杭州市,x\n303,Jürgen,x\n".as_bytes());
        let certainty = if label == "UTF-8" { Certainty::Clear } else { Certainty::Contradictory };
        assert_eq!(name(&bytes), (label, certainty));
    }
    let mut few = "name\nCafé\nZoë\n".as_bytes().to_vec();
    few.extend(b"M\xfcller\n");
    assert_eq!(name(&few), ("UTF-8", Certainty::Contradictory));
}

#[test]
fn no_line_of_an_older_file_is_taken_for_utf8_by_chance() {
    for (label, words) in WORDS.into_iter().filter(|(label, _)| *label != "UTF-8") {
        let encoding = Encoding::for_label(label.as_bytes()).unwrap();
        let lines = encoded(label, &rows(words, 3_000));
        let apart = lines.split(|b| *b == b'\n').find(|line| contradicts(encoding, line));
        assert_eq!(apart.map(|line| shown(encoding, line)), None, "{label}");
    }
    for text in ["毛,1", "联通", "T-shirt帽", "x毛", "CAFÉ»", "MENÜ–KARTE", "‹Ö®›", "déjà»…"]
    {
        for encoding in [encoding_rs::GB18030, encoding_rs::WINDOWS_1252] {
            let (bytes, _, has_no_place) = encoding.encode(text);
            assert!(has_no_place || !contradicts(encoding, &bytes), "{text} {}", encoding.name());
        }
    }
}

#[test]
fn names_of_people_alone_tell_their_encoding() {
    for (label, family, given) in [
        (
            "gb18030",
            "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
            "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平",
        ),
        (
            "Big5",
            "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周",
            "志明淑芬雅婷怡君建宏家豪美玲俊傑惠文佳蓉",
        ),
        (
            "EUC-KR",
            "김이박최정강조윤장임한오서신권황안송전홍",
            "민서준지우현도윤하은예진수영호석재성희경",
        ),
    ] {
        let (family, given): (Vec<char>, Vec<char>) =
            (family.chars().collect(), given.chars().collect());
        for count in [12, 60, 400] {
            let name = |n: usize| {
                let (one, two) = (given[n * 3 % given.len()], given[n * 7 % given.len()]);
                format!("{n},{}{one}{two},x\n", family[n % family.len()])
            };
            let text: String = (0..count).map(name).collect();
            assert_eq!(name_of(&encoded(label, &format!("no,name,x\n{text}"))), label, "{count}");
        }
    }
}

#[test]
fn a_zero_byte_makes_no_text_utf16() {
    for text in [
        "a,b\n1,\0\n2,3\n",
        "code,name\nA,One\0\nB,Two\nC,Three\n",
        "名称,城市\n华为\0,深圳\n中兴,深圳\n",
        "a,b\n\0x,1\ny,2\nzz,3\n",
        "Jürgen\0,1\nZoë,2\n",
    ] {
        assert_eq!(name_of(text.as_bytes()), "UTF-8", "{text:?}");
    }
    let gbk = encoded("gb18030", "名称,城市\n华为\0技术,深圳\n中兴通讯,深圳\n");
    assert_eq!(name_of(&gbk), "gb18030");
    // Lines that end with a letter of which one half looks like a line end.
    let shanghai = "名称,城市\n上海上汽,上海\n上上,上海\n";
    for (label, unit) in
        [("UTF-16LE", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("UTF-16BE", u16::to_be_bytes)]
    {
        let bytes: Vec<u8> = shanghai.encode_utf16().flat_map(unit).collect();
        assert_eq!(name_of(&bytes), label);
    }
}

#[test]
fn what_is_in_utf32_is_known_as_such() {
    let text = "code,name\n1,华为\n";
    let units = |unit: fn(u32) -> [u8; 4]| -> Vec<u8> {
        text.chars().flat_map(|c| unit(u32::from(c))).collect()
    };
    assert!(is_utf_32(&units(u32::to_le_bytes)) && is_utf_32(&units(u32::to_be_bytes)));
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!is_utf_32(&utf16) && !is_utf_32(text.as_bytes()) && !is_utf_32(b"a,b\n"));
}

#[test]
fn old_macintosh_files_are_known_by_their_letters() {
    let text = "name,city\nCafé Müller,Zürich\nGarçon & Fils,Orléans\nPeña,Málaga\n";
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    assert_eq!(name(&bytes).0, "windows-1252");
    let mac: Vec<u8> = text
        .chars()
        .map(|c| match c {
            'é' => 0x8e,
            'ü' => 0x9f,
            'ç' => 0x8d,
            'ñ' => 0x96,
            'á' => 0x87,
            other => u8::try_from(u32::from(other)).unwrap(),
        })
        .collect();
    assert_eq!(name(&mac), ("macintosh", Certainty::Assumed));
    assert!(shown(encoding_rs::MACINTOSH, &mac).contains("Café Müller"));
}
